package casebus.bench;

import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;

/**
 * accepted → processor with one overview per party → overviews and changes.
 *
 * <p>The store holds an overview's bytes: Kafka Streams' own stores, in memory too, keep bytes and would serialise an
 * object at every get and put, and once more for the output.
 */
final class OverviewTopology {
    static final String STORE = "overviews";
    static final String OVERVIEWS = "to-overviews";
    static final String CHANGES = "to-changes";

    private OverviewTopology() {}

    static Topology of(String prefix, boolean inMemory, Codec codec) {
        KeyValueBytesStoreSupplier supplier =
                inMemory ? Stores.inMemoryKeyValueStore(STORE) : Stores.persistentKeyValueStore(STORE);
        var store = Stores.keyValueStoreBuilder(supplier, Serdes.String(), Serdes.ByteArray()).withCachingDisabled();
        var text = new StringSerializer();
        var bytes = new ByteArraySerializer();
        return new Topology()
                .addSource("accepted", new ByteArrayDeserializer(), new ByteArrayDeserializer(), prefix + ".accepted")
                .addProcessor("fold", () -> new OverviewProcessor(codec), "accepted")
                .addStateStore(store, "fold")
                .addSink(OVERVIEWS, prefix + ".overviews", text, bytes, "fold")
                .addSink(CHANGES, prefix + ".changes", text, bytes, "fold");
    }
}
