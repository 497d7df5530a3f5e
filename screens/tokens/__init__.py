"""One pair token by token: where a candidate's preference turned."""
