"""What the API of tickets takes and gives. Answers are dumped by `core.http.dumping` from these very fields."""
