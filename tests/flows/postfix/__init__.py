"""Mail through a real Postfix with exactly the files of conf/postfix."""
