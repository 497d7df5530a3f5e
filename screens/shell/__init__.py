"""What is common to all screens: the session, the frame of a place, dialogs, ways to write numbers and text."""
