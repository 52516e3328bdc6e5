package casebus.bench;

import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Folds each accepted event into its party's overview; writes both the overview and the change. */
final class OverviewProcessor implements Processor<byte[], byte[], String, byte[]> {
    private final Codec codec;
    private final Fold fold;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> store;

    OverviewProcessor(Codec codec) {
        this.codec = codec;
        this.fold = new Fold(codec);
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        this.store = context.getStateStore(OverviewTopology.STORE);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        if (record.value() == null) {
            return;
        }
        AcceptedEvent event = codec.event(record.value());
        byte[] known = store.get(event.partyRef);
        Overview overview = known == null ? new Overview(event.partyRef) : codec.overview(known);
        Change change = fold.apply(overview, event);
        if (change == null) {
            return;
        }
        byte[] value = codec.encode(overview);
        store.put(event.partyRef, value);
        context.forward(new Record<>(event.partyRef, value, record.timestamp()), OverviewTopology.OVERVIEWS);
        context.forward(new Record<>(event.partyRef, codec.encode(change), record.timestamp()), OverviewTopology.CHANGES);
    }
}
