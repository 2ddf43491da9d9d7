using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Core;
using AgentFunctions.Runs;

namespace AgentFunctions.Diagnostics;

/// <summary>Keeps all spans of a run tree in one trace, on whichever host and day its steps are made.</summary>
/// <remarks>
/// A span cannot outlive its process, and a run does. So the root span, <c>invoke_agent</c>, covers the admission and is closed
/// with it; its context is kept in the record of the run. Each step is a child of it by that context, and so is the span of the
/// whole run, which is written at the end. Spans are made in activities and at admission, never in replayed code.
/// </remarks>
internal static class RunTrace
{
    /// <summary>The longest <c>tracestate</c> that is kept, in characters; W3C asks for that much.</summary>
    private const int MaxState = 512;

    private static readonly ActivitySource Source = new(TelemetrySource.Name);

    /// <summary>Gets whether anybody listens.</summary>
    public static bool IsOn => Source.HasListeners();

    /// <summary>Begins the trace of a run, or its part of the trace of whoever asked for it.</summary>
    /// <param name="run">
    /// The run as it is about to be put on record. A context that it has is that of the run it was copied from: its lead, or what
    /// it was forked from.
    /// </param>
    /// <returns>The span, to be disposed once the run is admitted, and the run with the context of its trace.</returns>
    public static (Activity? Span, RunRecord Run) Begin(RunRecord run)
    {
        ActivityContext? inherited = Parse(run);
        ActivityContext? parent = Caller() ?? (run.Parent is null ? null : inherited ?? ContextOf(run));
        ActivityLink[] links = run.Parent is null && inherited is { } source ? [new(source)] : [];
        Activity? before = Activity.Current;
        Activity.Current = null;
        Activity? span = Source.CreateActivity($"invoke_agent {run.Agent}", ActivityKind.Internal, parent ?? default,
            links: links)?.Start();
        if (span is null)
        {
            Activity.Current = before;
        }

        Describe(span, "invoke_agent", run)
            ?.SetTag("agentfunctions.run.parent", run.Parent)
            .SetTag("agentfunctions.run.forked_from", run.OwnOrigin?.Run)
            .SetTag("agentfunctions.door", run.Door);
        string? state = span?.TraceStateString ?? parent?.TraceState;
        return (span, run with
        {
            TraceParent = span?.Id ?? (parent is { } kept ? $"00-{kept.TraceId}-{kept.SpanId}-{(byte)kept.TraceFlags:x2}" : null),
            TraceState = state is { Length: > 0 and <= MaxState } ? state : null,
        });
    }

    /// <summary>Starts the span of a step of a run. What delivers the step, such as a trigger, is linked.</summary>
    /// <param name="name">The name of the span.</param>
    /// <param name="operation">The operation, as the conventions name it; <see langword="null"/> for none of theirs.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="run">The run.</param>
    public static Activity? Start(string name, string? operation, ActivityKind kind, RunRecord run) =>
        IsOn ? Describe(Start(name, kind, ContextOf(run)), operation, run) : null;

    /// <summary>Starts the span of a call on behalf of no run, within whatever is traced at present.</summary>
    /// <param name="name">The name of the span.</param>
    public static Activity? Start(string name) => Source.StartActivity(name);

    /// <summary>Writes the span of the whole run, from its admission to its end.</summary>
    /// <param name="run">The run.</param>
    /// <param name="at">When it ended (UTC).</param>
    public static Activity? End(RunRecord run, DateTimeOffset at)
    {
        if (!IsOn)
        {
            return null;
        }

        Activity? span = Source.StartActivity(ActivityKind.Internal, ContextOf(run), startTime: run.CreatedAt,
            name: $"run {run.Agent}");
        span?.SetEndTime(at.UtcDateTime);
        return Describe(span, null, run);
    }

    /// <summary>Gets the context that the spans of a run hang under.</summary>
    /// <param name="run">
    /// The run. One that was admitted where nobody listened has a context that follows from the id of its tree.
    /// </param>
    public static ActivityContext ContextOf(RunRecord run) => Parse(run) ?? Derived(run.Id);

    private static Activity? Start(string name, ActivityKind kind, ActivityContext parent)
    {
        ActivityLink[] links = Delivery(parent) is { } delivery ? [new(delivery)] : [];
        return Source.StartActivity(kind, parent, links: links, name: name);
    }

    private static Activity? Describe(Activity? span, string? operation, RunRecord run) => span
        ?.SetTag("gen_ai.operation.name", operation)
        .SetTag("gen_ai.agent.name", run.Agent)
        .SetTag("gen_ai.conversation.id", run.Id);

    private static ActivityContext? Parse(RunRecord run) =>
        run.TraceParent is { } parent
            && ActivityContext.TryParse(parent, run.TraceState, isRemote: true, out ActivityContext context) ? context : null;

    private static ActivityContext Derived(string runId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(ChildName.RootOf(runId)), hash);
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(hash[..16]), ActivitySpanId.CreateFromBytes(hash[16..24]),
            ActivityTraceFlags.Recorded, isRemote: true);
    }

    /// <summary>The span that the present step was delivered by, if it is in another trace.</summary>
    private static ActivityContext? Delivery(ActivityContext parent) =>
        Activity.Current is { Recorded: true, Source.Name.Length: > 0 } current && current.TraceId != parent.TraceId
            ? current.Context
            : null;

    /// <summary>
    /// The nearest span above that is exported; beyond those that only carry a context, the one that a caller named in its
    /// request.
    /// </summary>
    private static ActivityContext? Caller()
    {
        for (Activity? span = Activity.Current; span is not null; span = span.Parent)
        {
            // A server without telemetry has spans as well, which come from no source.
            if (span is { Recorded: true, IsAllDataRequested: true, Source.Name.Length: > 0 })
            {
                return span.Context;
            }

            if (span.Parent is null && span.IdFormat == ActivityIdFormat.W3C && span.ParentSpanId != default)
            {
                return new ActivityContext(span.TraceId, span.ParentSpanId, span.ActivityTraceFlags, span.TraceStateString,
                    isRemote: true);
            }
        }

        return null;
    }
}
