-- What a shared index holds: PostgreSQL 14 or later with pgvector 0.8 or later.
--
-- A section that begins with "-- version N" brings version N - 1 to N and is never changed once it
-- was released; `{dim}` is the embedder's. Text is compared byte by byte (COLLATE "C"), so that
-- order and ranges are those of an index in a folder.

-- version 1

-- What was noted of the index: its schema, its stamp, when it was born.
CREATE TABLE meta (
    key text PRIMARY KEY,
    value text NOT NULL);

-- One row: what grows with every change, and what there is. A transaction touches it last, so that
-- who reads it waits for nobody and who writes it waits for a commit alone.
CREATE TABLE state (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    revision bigint NOT NULL DEFAULT 0,
    documents bigint NOT NULL DEFAULT 0,
    sentences bigint NOT NULL DEFAULT 0,
    chunks bigint NOT NULL DEFAULT 0,
    -- Tokens of all chunks: the mean length that BM25 asks for.
    tokens bigint NOT NULL DEFAULT 0,
    -- Chunks whose words are in `fresh`.
    fresh bigint NOT NULL DEFAULT 0);
INSERT INTO state DEFAULT VALUES;

CREATE TABLE documents (
    id text COLLATE "C" PRIMARY KEY,
    path text COLLATE "C" NOT NULL,
    title text NOT NULL,
    date text COLLATE "C",
    author text,
    language text,
    url text,
    text text NOT NULL,
    pages text NOT NULL);
CREATE INDEX documents_by_date ON documents (date);

-- Where a document was found: `place` is absolute, `path` as it was typed.
CREATE TABLE places (
    place text COLLATE "C" PRIMARY KEY,
    path text NOT NULL,
    document_id text COLLATE "C" NOT NULL REFERENCES documents,
    collection text COLLATE "C");
CREATE INDEX places_of ON places (document_id);
CREATE INDEX places_in ON places (collection);

-- Files as they were when all of them was stored.
CREATE TABLE seen (
    file text COLLATE "C" PRIMARY KEY,
    size bigint NOT NULL,
    mtime_ns bigint NOT NULL,
    ctime_ns bigint NOT NULL,
    inode numeric NOT NULL);

CREATE TABLE sentences (
    document_id text COLLATE "C" NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal integer NOT NULL,
    first integer NOT NULL,
    last integer NOT NULL,
    kind text NOT NULL,
    paragraph integer NOT NULL,
    vector halfvec({dim}) NOT NULL,
    PRIMARY KEY (document_id, ordinal));

-- `length` is in tokens of our tokenizer; the vector is of "title: text".
CREATE TABLE chunks (
    serial bigserial PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    document_id text COLLATE "C" NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal integer NOT NULL,
    first integer NOT NULL,
    last integer NOT NULL,
    text text NOT NULL,
    length integer NOT NULL,
    vector halfvec({dim}) NOT NULL);
CREATE INDEX chunks_of ON chunks (document_id);
CREATE INDEX chunks_by_vector ON chunks USING hnsw (vector halfvec_cosine_ops)
    WITH (m = 16, ef_construction = 200);

-- Lexical postings. Those of new chunks are rows; a few thousand chunks at a time are sealed into
-- blocks: 8 bytes a posting (serial, 4; count, 2; the chunk's length, 2; big-endian), a block for
-- each word and 32,768 serials. So a word that half of all chunks have is read as a few large
-- values, not as half a million rows, and is scored exactly.
CREATE TABLE fresh (
    term text COLLATE "C" NOT NULL,
    serial bigint NOT NULL,
    count integer NOT NULL,
    length integer NOT NULL,
    PRIMARY KEY (term, serial));
CREATE INDEX fresh_of ON fresh (serial);
CREATE TABLE blocks (
    term text COLLATE "C" NOT NULL,
    segment integer NOT NULL,
    n integer NOT NULL,
    postings bytea NOT NULL,
    PRIMARY KEY (term, segment));
ALTER TABLE blocks ALTER COLUMN postings SET STORAGE EXTERNAL;

-- Near-duplicates: signatures, the bands in which they can meet, and every pair both ways round.
CREATE TABLE signatures (
    document_id text COLLATE "C" PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
    signature bytea NOT NULL);
CREATE TABLE bands (
    key bigint NOT NULL,
    document_id text COLLATE "C" NOT NULL REFERENCES signatures ON DELETE CASCADE,
    PRIMARY KEY (key, document_id));
CREATE INDEX bands_of ON bands (document_id);
CREATE TABLE near (
    document_id text COLLATE "C" NOT NULL REFERENCES documents ON DELETE CASCADE,
    other_id text COLLATE "C" NOT NULL REFERENCES documents ON DELETE CASCADE,
    similarity double precision NOT NULL,
    PRIMARY KEY (document_id, other_id));
CREATE INDEX near_to ON near (other_id);

-- What a replaced document said otherwise.
CREATE TABLE changes (
    serial bigserial PRIMARY KEY,
    place text COLLATE "C" NOT NULL,
    path text NOT NULL,
    at text NOT NULL,
    sentences text NOT NULL);
CREATE INDEX changes_of ON changes (place);

-- version 2

-- A reader keeps blocks that it has read; `version` tells whether one still is what it was.
CREATE SEQUENCE block_versions;
ALTER TABLE blocks ADD COLUMN version bigint NOT NULL DEFAULT 0;

-- version 3

-- Of 100,000 chunks it finds as many of the ten nearest as 200 do, built at a third of the cost.
ALTER INDEX chunks_by_vector SET (ef_construction = 64);

-- Who asks for an author goes from name to name, not through all documents.
CREATE INDEX documents_by_author ON documents (author);
