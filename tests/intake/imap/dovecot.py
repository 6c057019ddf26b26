"""A real Dovecot on a loopback port, started for one test, as a user without rights."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.intake.imap.inbox import IMAPClient

PASSWORD = "secret"

_CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
auth_mechanisms = plain login xoauth2
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
mailbox_list_index = no
mail_fsync = never
mailbox_idle_check_interval = 1 secs
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
  mechanisms = plain login
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = .
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
}}
"""
_OAUTH2 = """\
introspection_mode = post
introspection_url = http://127.0.0.1:{port}/introspect
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass
class Dovecot:
    """A running one."""

    program: str
    folder: Path
    port: int
    user: str

    def start(self) -> None:
        owner = pwd.getpwnam(self.user)
        is_root = os.getuid() == 0
        command = [self.program, "-F", "-c", str(self.folder / "dovecot.conf")]
        with (self.folder / "out").open("ab") as out:
            self.process = subprocess.Popen(
                command,
                stdout=out,
                stderr=out,
                user=owner.pw_uid if is_root else None,
                group=owner.pw_gid if is_root else None,
                extra_groups=[] if is_root else None,
                start_new_session=True,
            )
        self._wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        # Sessions that are logged in outlive the master.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def drop_clients(self) -> None:
        """Cut every connection, as a network does."""
        told = subprocess.run(
            ["ps", "-o", "pid=,comm=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for line in told.splitlines():
            number, name = line.split(None, 1)
            if name.startswith("imap"):
                with suppress(ProcessLookupError):
                    os.kill(int(number), signal.SIGKILL)

    def deliver(self, octets: bytes, user: str = "anna", folder: str = "") -> None:
        """Put a message into a Maildir, as a delivery agent does."""
        root = self.folder / "mail" / user
        place = root / f".{folder}" if folder else root
        owner = pwd.getpwnam(self.user)
        for part in ("tmp", "cur", "new"):
            self._make(place / part, owner)
        name = f"{time.time_ns()}.test"
        file = place / "tmp" / name
        file.write_bytes(octets.replace(b"\r\n", b"\n"))
        if os.getuid() == 0:
            os.chown(file, owner.pw_uid, owner.pw_gid)
        file.rename(place / "new" / name)

    def move(self, source: str, target: str, user: str = "anna") -> None:
        """Move all of a folder into another one, as a mail client does."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False)
        client.login(user, PASSWORD)
        client.select_folder(source)
        client.move(client.search(), target)
        client.logout()

    def forget_uids(self, user: str = "anna", folder: str = "") -> None:
        """Lose the list of UIDs: a new one has another UIDVALIDITY."""
        root = self.folder / "mail" / user
        place = root / f".{folder}" if folder else root
        for file in place.glob("dovecot*"):
            file.unlink()
        for file in (root / "dovecot.list.index", root / "dovecot.list.index.log"):
            file.unlink(missing_ok=True)

    def _make(self, path: Path, owner: pwd.struct_passwd) -> None:
        missing = [one for one in (path, *path.parents) if not one.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for one in missing if os.getuid() == 0 else ():
            os.chown(one, owner.pw_uid, owner.pw_gid)

    def _wait(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until and self.process.poll() is None:
            with closing(socket.socket()) as asked:
                if asked.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        logs = [self.folder / "out", self.folder / "log"]
        raise AssertionError("\n".join(one.read_text() for one in logs if one.exists()))


@contextmanager
def running(program: str, oauth_port: int = 1) -> Iterator[Dovecot]:
    # The folders of pytest are root's alone; one in /tmp can be given away.
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    owner = pwd.getpwnam(user)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    config = _CONFIG.format(
        folder=folder,
        port=port,
        user=user,
        group=grp.getgrgid(owner.pw_gid).gr_name,
        uid=owner.pw_uid,
        gid=owner.pw_gid,
        password=PASSWORD,
    )
    (folder / "dovecot.conf").write_text(config)
    (folder / "oauth2.conf").write_text(_OAUTH2.format(port=oauth_port))
    if os.getuid() == 0:
        for one in (folder, *folder.iterdir()):
            os.chown(one, owner.pw_uid, owner.pw_gid)
    made = Dovecot(program, folder, port, user)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
