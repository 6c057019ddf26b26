-- An abort, a large random body, and a message that is left in the middle.
conn = mt.connect("inet:" .. port .. "@127.0.0.1")
mt.conninfo(conn, "client.example.com", "192.0.2.7")
mt.helo(conn, "helo.example.com")
mt.mailfrom(conn, "<ann@example.com>")
mt.rcptto(conn, "<bob@example.org>")
mt.header(conn, "Subject", "given up")
mt.abort(conn)

mt.mailfrom(conn, "<ann@example.com>")
mt.rcptto(conn, "<bob@example.org>")
mt.header(conn, "Subject", "random")
mt.eoh(conn)
mt.bodyrandom(conn, 600000)
mt.eom(conn)
if mt.getreply(conn) ~= SMFIR_ACCEPT then
   error("not accepted")
end
for _, change in ipairs({MT_HDRADD, MT_HDRCHANGE, MT_HDRDELETE, MT_HDRINSERT, MT_BODYCHANGE,
                         MT_QUARANTINE}) do
   if mt.eom_check(conn, change) then
      error("a change that we never ask for: " .. change)
   end
end
if mt.eom_check(conn, MT_RCPTDELETE, "<bob@example.org>") then
   error("the recipient is gone")
end

mt.mailfrom(conn, "<ann@example.com>")
mt.rcptto(conn, "<bob@example.org>")
mt.header(conn, "Subject", "left")
mt.eoh(conn)
mt.bodystring(conn, "unfinished")
mt.disconnect(conn, false)
