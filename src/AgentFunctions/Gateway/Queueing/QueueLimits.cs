using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Queueing;

/// <summary>
/// Which run is to start next: by priority, then by fair share among callers, then in order. Waiting raises the priority.
/// </summary>
internal sealed class QueueLimits
{
    private readonly ConcurrencyOptions _options;
    private readonly Dictionary<string, int> _labels;

    public QueueLimits(ConcurrencyOptions options)
    {
        _options = options;
        _labels = options.Labels.GroupBy(static limit => Hash(limit.Label!)).ToDictionary(
            static same => same.Key, static same => same.Min(static limit => limit.Runs), StringComparer.Ordinal);
        Total = !options.IsConfigured ? int.MaxValue : options.Total ?? ConcurrencyOptions.MaxTotal;
    }

    private int Total { get; }

    /// <summary>A run that wants a place.</summary>
    public QueuedRun EntryOf(RunRecord run, long ticket, DateTimeOffset now) =>
        new(run.Id, Hash(run.Requester), run.Priority, ticket, now) { Labels = [.. LimitedLabelsOf(run)] };

    /// <summary>The run that is to start now; <see langword="null"/> if none may.</summary>
    public QueuedRun? Next(QueueState state, DateTimeOffset now)
    {
        if (state.Waiting.IsEmpty || state.Active.Count >= Total)
        {
            return null;
        }

        var callers = new Dictionary<string, Share>(StringComparer.Ordinal);
        var labels = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (QueuedRun active in state.Active)
        {
            Share share = callers.GetValueOrDefault(active.Caller);
            callers[active.Caller] = new Share(share.Runs + 1, Later(share.LastStart, active.StartedAt));
            foreach (string label in active.Labels)
            {
                labels[label] = labels.GetValueOrDefault(label) + 1;
            }
        }

        return state.Waiting
            .Where(run => Fits(run, callers, labels))
            .OrderByDescending(run => LevelOf(run, now))
            .ThenBy(run => callers.GetValueOrDefault(run.Caller).Runs)
            .ThenBy(run => callers.GetValueOrDefault(run.Caller).LastStart)
            .ThenBy(static run => run.Ticket)
            .FirstOrDefault();
    }

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one > other ? one : other;

    /// <summary>
    /// The priority, and one more for each period of waiting: whoever waits long enough comes before all that came later.
    /// </summary>
    private long LevelOf(QueuedRun run, DateTimeOffset now) =>
        (long)run.Priority + Math.Max(0, (now - run.At).Ticks / _options.Ageing.Ticks);

    private bool Fits(QueuedRun run, Dictionary<string, Share> callers, Dictionary<string, int> labels) =>
        !(callers.GetValueOrDefault(run.Caller).Runs >= _options.PerCaller)
        && run.Labels.All(label => labels.GetValueOrDefault(label) < LimitOf(label));

    /// <summary>A label is known by the limit that it is counted for, which may be another one by now, or gone.</summary>
    private int LimitOf(string label) =>
        _labels.GetValueOrDefault(label[..label.IndexOf('.', StringComparison.Ordinal)], int.MaxValue);

    private IEnumerable<string> LimitedLabelsOf(RunRecord run)
    {
        foreach (LabelConcurrencyOptions limit in _options.Labels)
        {
            if (LabelSelector.Parse(limit.Label!).ValueIn(run.Labels) is { } value)
            {
                yield return $"{Hash(limit.Label!)}.{Hash(value)}";
            }
        }
    }

    private static string Hash(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    private readonly record struct Share(int Runs, DateTimeOffset? LastStart);
}
