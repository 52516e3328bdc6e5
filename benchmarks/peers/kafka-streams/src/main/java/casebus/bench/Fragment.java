package casebus.bench;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** A JSON value that the fold carries along and decodes only when it must. Two are equal when their contents are. */
interface Fragment {
    void writeTo(JsonGenerator generator) throws IOException;
}
