-- How fresh each agency is, as the sources topic has it.
CREATE TABLE sources (
    agency text PRIMARY KEY,
    value text NOT NULL
);
