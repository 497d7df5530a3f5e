"""The database: numbered migrations, one writer, named views; all SQL there is."""
