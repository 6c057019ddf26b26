-- Sendmail 8.11 to 8.13: version 2, which waits for a reply to every command.
conn = mt.connect("inet:" .. port .. "@127.0.0.1")
if mt.negotiate(conn, 2, SMFIF_ADDHDRS, 127) ~= nil then
   error("no negotiation")
end

local function continued(what)
   if mt.getreply(conn) ~= SMFIR_CONTINUE then
      error("no reply to " .. what)
   end
end

mt.conninfo(conn, "client.example.com", "192.0.2.7")
continued("connect")
mt.helo(conn, "helo.example.com")
continued("helo")
for _, id in ipairs({"first", "second"}) do
   mt.macro(conn, SMFIC_MAIL, "i", id)
   mt.mailfrom(conn, "<ann@example.com>")
   continued("mail")
   mt.rcptto(conn, "<bob@example.org>")
   continued("rcpt")
   mt.header(conn, "Subject", id)
   continued("header")
   mt.eoh(conn)
   continued("end of header")
   mt.bodystring(conn, "body of " .. id .. "\r\n")
   continued("body")
   mt.eom(conn)
   if mt.getreply(conn) ~= SMFIR_ACCEPT then
      error("not accepted")
   end
end
mt.disconnect(conn)
