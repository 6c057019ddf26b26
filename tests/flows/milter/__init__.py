"""Mail shown to the milter by a real Postfix with exactly conf/postfix/milter.cf."""
