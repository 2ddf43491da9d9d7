using System.Diagnostics.Metrics;
using AgentFunctions.Core;

namespace AgentFunctions.Governance.Reviews;

/// <summary>What review queues tell the meter.</summary>
internal static class ReviewTelemetry
{
    private static readonly Meter Meter = new(TelemetrySource.Name);

    private static readonly Gauge<int> Open = Meter.CreateGauge<int>(
        "agentfunctions.reviews.open", "{change}", "How many changes nobody has reviewed.");

    private static readonly Gauge<int> Waiting = Meter.CreateGauge<int>(
        "agentfunctions.reviews.waiting", "{call}", "How many calls wait until there is room for their change.");

    private static readonly Gauge<double> Age = Meter.CreateGauge<double>(
        "agentfunctions.reviews.age", "s", "How long the oldest change has been unreviewed.");

    private static readonly Histogram<double> Wait = Meter.CreateHistogram<double>(
        "agentfunctions.reviews.wait", "s", "How long calls waited until there was room for their change.");

    public static void Queue(ReviewState book, DateTimeOffset now)
    {
        Open.Record(book.Open.Count, Tag(book.Label));
        Waiting.Record(book.Waiting.Count, Tag(book.Label));
        Age.Record(book.Open.IsEmpty ? 0 : (now - book.Open[0].At).TotalSeconds, Tag(book.Label));
    }

    public static void Waited(string label, TimeSpan time) => Wait.Record(time.TotalSeconds, Tag(label));

    private static KeyValuePair<string, object?> Tag(string label) => new("agentfunctions.label", label);
}
