-- A logging address beside a recipient is taken out; alone, the message is taken over whole.
conn = mt.connect("inet:" .. port .. "@127.0.0.1")
if mt.negotiate(conn, 6, nil, nil) ~= nil then
   error("no negotiation")
end
if not mt.test_action(conn, SMFIF_DELRCPT) then
   error("the deletion of recipients is not asked for")
end
mt.conninfo(conn, "client.example.com", "192.0.2.7")
mt.helo(conn, "helo.example.com")

mt.mailfrom(conn, "<ann@example.com>")
mt.rcptto(conn, "<bob@example.org>")
mt.rcptto(conn, "<log@gw.example>")
mt.header(conn, "Subject", "one")
mt.eoh(conn)
mt.eom(conn)
if mt.getreply(conn) ~= SMFIR_ACCEPT then
   error("not accepted")
end
if not mt.eom_check(conn, MT_RCPTDELETE, "<log@gw.example>") then
   error("the logging address stays")
end
if mt.eom_check(conn, MT_RCPTDELETE, "<bob@example.org>") then
   error("the recipient is gone")
end

mt.mailfrom(conn, "<ann@example.com>")
mt.rcptto(conn, "<log@gw.example>")
mt.header(conn, "Subject", "two")
mt.eoh(conn)
mt.eom(conn)
if mt.getreply(conn) ~= SMFIR_DISCARD then
   error("not discarded")
end
mt.disconnect(conn)
