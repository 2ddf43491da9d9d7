using System.Text.Json.Serialization;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What took a run's time.</summary>
/// <param name="Start">When the run began (UTC).</param>
/// <param name="End">When it ended (UTC); the present for a live one.</param>
internal sealed record SpanListResource(DateTime Start, DateTime End)
{
    private const int BucketCount = 200;

    /// <summary>The spans, in the order of their beginnings; left out if there are more than <c>max</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SpanResource>? Spans { get; init; }

    /// <summary>In place of too many spans: equal parts of the time with what each took.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SpanBucketResource>? Buckets { get; init; }

    public static SpanListResource Of(RunTimeline timeline, DateTimeOffset? from, DateTimeOffset? to, int max)
    {
        DateTimeOffset first = from ?? timeline.Start;
        DateTimeOffset last = to ?? timeline.End;
        RunSpan[] found = [.. timeline.Spans.Where(span => span.End >= first && span.Start <= last)];
        var list = new SpanListResource(timeline.Start.UtcDateTime, timeline.End.UtcDateTime);
        if (found.Length <= max)
        {
            var critical = timeline.CriticalPath.ToHashSet();
            return list with { Spans = [.. found.Select(span => SpanResource.Of(span, critical.Contains(span)))] };
        }

        TimeSpan width = (last - first) / BucketCount;
        return list with
        {
            Buckets = [.. Enumerable.Range(0, BucketCount)
                .Select(number => SpanBucketResource.Of(found, first + (number * width), first + ((number + 1) * width)))],
        };
    }
}

/// <summary>Something that took a part of a run's time.</summary>
/// <param name="Kind"><c>model</c>, <c>tool</c>, <c>person</c> or <c>capacity</c>.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within its turn; null for the model.</param>
/// <param name="Name">The model, the tool, or what was waited for.</param>
/// <param name="Start">When it began (UTC).</param>
/// <param name="End">When it ended (UTC); the present if it has not ended.</param>
/// <param name="Over">Whether it has ended.</param>
/// <param name="Ok">Whether it did not fail.</param>
/// <param name="Critical">Whether the run's end waited for it.</param>
internal sealed record SpanResource(string Kind, int Turn, int? Call, string Name, DateTime Start, DateTime End, bool Over,
    bool Ok, bool Critical)
{
    public static SpanResource Of(RunSpan span, bool isCritical) => new(
        span.Kind, span.Turn, span.Call, span.Name, span.Start.UtcDateTime, span.End.UtcDateTime, span.IsOver, !span.IsError,
        isCritical);
}

/// <summary>An equal part of a run's time, and what it was spent on.</summary>
/// <param name="From">The beginning (UTC).</param>
/// <param name="To">The end (UTC).</param>
/// <param name="ModelMs">Milliseconds of model calls.</param>
/// <param name="ToolMs">Milliseconds of tool calls.</param>
/// <param name="WaitMs">Milliseconds of waiting.</param>
/// <param name="Errors">The number of failed spans that touch it.</param>
/// <param name="N">The number of spans that touch it.</param>
internal sealed record SpanBucketResource(DateTime From, DateTime To, long ModelMs, long ToolMs, long WaitMs, int Errors, int N)
{
    public static SpanBucketResource Of(IReadOnlyList<RunSpan> spans, DateTimeOffset from, DateTimeOffset to)
    {
        RunSpan[] inside = [.. spans.Where(span => span.End >= from && span.Start < to)];
        return new SpanBucketResource(
            from.UtcDateTime, to.UtcDateTime, Sum(RunSpan.Model), Sum(RunSpan.Tool), Sum(RunSpan.Person) + Sum(RunSpan.Capacity),
            inside.Count(static span => span.IsError), inside.Length);

        long Sum(string kind) => (long)inside.Where(span => span.Kind == kind)
            .Sum(span => ((span.End < to ? span.End : to) - (span.Start > from ? span.Start : from)).TotalMilliseconds);
    }
}

/// <summary>What a run's time was spent on, and what its end waited for.</summary>
/// <param name="WallMs">Milliseconds from its beginning to its end or the present.</param>
/// <param name="Parts">Milliseconds of each kind; where several overlap, the first of them counts.</param>
/// <param name="Steps">The spans that its end waited for, in order.</param>
internal sealed record CriticalPathResource(long WallMs, TimePartsResource Parts, IReadOnlyList<SpanResource> Steps)
{
    public static CriticalPathResource Of(RunTimeline timeline)
    {
        IReadOnlyDictionary<string, TimeSpan> parts = timeline.Parts;
        long wall = (long)(timeline.End - timeline.Start).TotalMilliseconds;
        long told = parts.Values.Sum(static part => (long)part.TotalMilliseconds);
        return new CriticalPathResource(
            wall,
            new TimePartsResource(Of(RunSpan.Model), Of(RunSpan.Tool), Of(RunSpan.Person), Of(RunSpan.Capacity),
                Math.Max(0, wall - told)),
            [.. timeline.CriticalPath.Select(static span => SpanResource.Of(span, true))]);

        long Of(string kind) => (long)parts[kind].TotalMilliseconds;
    }
}

/// <summary>Milliseconds of a run's time.</summary>
/// <param name="Model">Model calls.</param>
/// <param name="Tools">Tool calls.</param>
/// <param name="People">Waiting for people.</param>
/// <param name="Capacity">Waiting for the next attempt.</param>
/// <param name="Host">The rest: the host's own, sub-agents, and what left no event.</param>
internal sealed record TimePartsResource(long Model, long Tools, long People, long Capacity, long Host);
