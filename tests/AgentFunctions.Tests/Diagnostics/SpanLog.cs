using System.Collections.Concurrent;
using System.Diagnostics;
using AgentFunctions.Diagnostics;

namespace AgentFunctions.Tests.Diagnostics;

/// <summary>The spans of one trace that ended since it was made; other tests have traces of their own.</summary>
internal sealed class SpanLog : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public SpanLog()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == AgentTelemetry.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>The spans of a run, the first ended first.</summary>
    public IReadOnlyList<Activity> Of(string runId) =>
        [.. _ended.Where(span => span.GetTagItem("gen_ai.conversation.id") as string == runId)];

    public Activity Of(string runId, string name) => Of(runId).First(span => span.DisplayName == name);

    public void Dispose() => _listener.Dispose();
}
