-- One message as Sendmail 8.17 shows it: version 6, all offers, its own macros.
conn = mt.connect("inet:" .. port .. "@127.0.0.1")
if conn == nil then
   error("no connection")
end
if mt.negotiate(conn, 6, nil, nil) ~= nil then
   error("no negotiation")
end
for _, option in ipairs({SMFIP_NR_CONN, SMFIP_NR_HELO, SMFIP_NR_MAIL, SMFIP_NR_RCPT,
                         SMFIP_NR_DATA, SMFIP_NR_HDR, SMFIP_NR_EOH, SMFIP_NR_BODY,
                         SMFIP_HDR_LEADSPC}) do
   if not mt.test_option(conn, option) then
      error("not asked for: " .. option)
   end
end
if mt.test_action(conn, SMFIF_ADDHDRS) or mt.test_action(conn, SMFIF_DELRCPT) then
   error("an action that nobody switched on")
end

mt.macro(conn, SMFIC_CONNECT, "j", "mx.example.com", "_", "client.example.com [192.0.2.7]")
mt.conninfo(conn, "client.example.com", "192.0.2.7")
mt.macro(conn, SMFIC_HELO, "{tls_version}", "TLSv1.3", "{cipher}", "TLS_AES_256_GCM_SHA384")
mt.helo(conn, "helo.example.com")
mt.macro(conn, SMFIC_MAIL, "i", "5AN91sbX012345", "{auth_type}", "PLAIN", "{auth_authen}", "ann",
         "{mail_addr}", "ann@example.com")
mt.mailfrom(conn, "<ann@example.com>", "BODY=8BITMIME", "SIZE=321")
mt.macro(conn, SMFIC_RCPT, "{rcpt_mailer}", "esmtp", "{rcpt_addr}", "bob@example.org")
mt.rcptto(conn, "<bob@example.org>", "NOTIFY=NEVER")
mt.data(conn)
mt.header(conn, "From", "Ann <ann@example.com>")
mt.header(conn, "Subject", "folded\n\tonce")
mt.eoh(conn)
mt.bodystring(conn, "first\r\n")
mt.bodystring(conn, ".\r\nlast\r\n")
if mt.eom(conn) ~= nil then
   error("no answer to the end of the message")
end
if mt.getreply(conn) ~= SMFIR_ACCEPT then
   error("not accepted")
end
mt.disconnect(conn)
