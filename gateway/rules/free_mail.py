"""Domains at which anybody may have an address: they tell nothing of who belongs to whom."""

from __future__ import annotations

from typing import Final

_FREE_MAIL_WORDS: Final = """
    126.com 139.com 163.com 189.cn 21cn.com aim.com alice.it aliyun.com aol.com arcor.de att.net
    au.com auone.jp bellsouth.net bigpond.com bk.ru bluewin.ch bol.com.br bt.com btinternet.com
    centrum.cz charter.net comcast.net cox.net daum.net disroot.org docomo.ne.jp duck.com
    earthlink.net excite.co.jp excite.com ezweb.ne.jp fastmail.com fastmail.fm foxmail.com
    free.fr freenet.de frontier.com gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net
    googlemail.com goo.jp goo.ne.jp hanmail.net hey.com home.nl hotmail.be hotmail.ch
    hotmail.co.jp hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hotmail.nl
    hushmail.com i.softbank.jp icloud.com iinet.net.au inbox.com inbox.lv inbox.ru infoseek.jp
    interia.pl juno.com kakao.com kpnmail.nl laposte.net libero.it list.ru live.ca live.co.uk
    live.com live.de live.fr live.it live.jp live.nl lycos.com mac.com mail.com mail.de mail.ee
    mail.ru mail.ua mailbox.org mailfence.com me.com msn.com nate.com naver.com netscape.net
    netzero.net nifty.com ntlworld.com o2.pl ocn.ne.jp online.de onet.pl op.pl optonline.net
    optusnet.com.au orange.fr outlook.at outlook.be outlook.co.jp outlook.com outlook.de
    outlook.es outlook.fr outlook.it outlook.jp outlook.kr outlook.sa pm.me posteo.de posteo.net
    proton.me protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com riseup.net
    rocketmail.com rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.cn
    sina.com sky.com skynet.be so-net.ne.jp softbank.ne.jp sohu.com sympatico.ca t-online.de
    talktalk.net telenet.be terra.com.br tim.it tiscali.co.uk tiscali.it tlen.pl tuta.com tuta.io
    tutamail.com tutanota.com tutanota.de ukr.net uol.com.br verizon.net videotron.ca
    virgilio.it virginmedia.com vivaldi.net vodafone.it wanadoo.fr web.de windstream.net wp.pl
    xtra.co.nz y7mail.com ya.ru yahoo.ca yahoo.cn yahoo.co.id yahoo.co.in yahoo.co.jp yahoo.co.kr
    yahoo.co.uk yahoo.com yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.hk yahoo.com.mx
    yahoo.com.ph yahoo.com.sg yahoo.com.tw yahoo.com.vn yahoo.de yahoo.es yahoo.fr yahoo.gr
    yahoo.ie yahoo.in yahoo.it yahoo.no yahoo.pl yahoo.ro yahoo.se yandex.com yandex.ru yeah.net
    ymail.com ymail.ne.jp zoho.com zohomail.com ziggo.nl
"""
FREE_MAIL: Final = frozenset(_FREE_MAIL_WORDS.split())


def own_domain(key: str) -> str:
    """Return the domain of an address; empty when anybody may have one there."""
    domain = key.rpartition("@")[2]
    return "" if domain in FREE_MAIL else domain
