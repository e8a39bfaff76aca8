"""Lists and replays what got stuck: dead letters, parked messages, sagas."""
