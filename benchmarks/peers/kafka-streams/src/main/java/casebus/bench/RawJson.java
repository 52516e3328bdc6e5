package casebus.bench;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes of a JSON value, objects and arrays only; a {@code SerializableString} because Jackson copies those as they are. */
record RawJson(byte[] bytes) implements Fragment, SerializableString {
    @Override
    public void writeTo(JsonGenerator generator) throws IOException {
        generator.writeRawValue(this);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RawJson json && Arrays.equals(bytes, json.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public int appendUnquotedUTF8(byte[] buffer, int offset) {
        if (offset + bytes.length > buffer.length) {
            return -1;
        }
        System.arraycopy(bytes, 0, buffer, offset, bytes.length);
        return bytes.length;
    }

    @Override
    public byte[] asUnquotedUTF8() {
        return bytes;
    }

    @Override
    public String getValue() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public int charLength() {
        return getValue().length();
    }

    @Override
    public int writeUnquotedUTF8(OutputStream out) throws IOException {
        out.write(bytes);
        return bytes.length;
    }

    @Override
    public int putUnquotedUTF8(ByteBuffer buffer) {
        buffer.put(bytes);
        return bytes.length;
    }

    @Override
    public int appendUnquoted(char[] buffer, int offset) {
        throw notAText();
    }

    @Override
    public char[] asQuotedChars() {
        throw notAText();
    }

    @Override
    public byte[] asQuotedUTF8() {
        throw notAText();
    }

    @Override
    public int appendQuotedUTF8(byte[] buffer, int offset) {
        throw notAText();
    }

    @Override
    public int appendQuoted(char[] buffer, int offset) {
        throw notAText();
    }

    @Override
    public int writeQuotedUTF8(OutputStream out) {
        throw notAText();
    }

    @Override
    public int putQuotedUTF8(ByteBuffer out) {
        throw notAText();
    }

    private static UnsupportedOperationException notAText() {
        return new UnsupportedOperationException("a JSON value, not a text");
    }
}
