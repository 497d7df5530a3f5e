"""Workers on the nodes of a Ray cluster: one candidate's work cut into shards, their events made one worker's again."""
