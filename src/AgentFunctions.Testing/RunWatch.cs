using AgentFunctions.Runs;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Testing;

/// <summary>Waits for what runs come to, over crashes, and lets virtual time pass where a test wants that.</summary>
internal sealed class RunWatch(TestProcess process, TimeSpan patience)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(5);

    /// <summary>How far time moves where a run does not say until when it waits.</summary>
    private static readonly TimeSpan Stride = TimeSpan.FromMinutes(1);

    /// <summary>
    /// After so many looks in a row at which nothing was called, a run that seems to be at work is taken to need time to pass,
    /// for instance for the pause before a retry.
    /// </summary>
    private const int LooksAtWork = 400;

    private int _looksAtWork;

    public Task<Run> UntilAsync(
        string runId, string what, Func<Run, bool> condition, TimeSpan? within, CancellationToken cancellationToken)
    {
        DateTimeOffset? limit = process.Time.GetUtcNow() + within;
        return WaitAsync(runId, what, async () =>
        {
            Run run = await GetAsync(runId, cancellationToken).ConfigureAwait(false);
            if (condition(run))
            {
                return run;
            }

            if (run.IsEnded)
            {
                throw new InvalidOperationException($"Run {runId} ended and did not come to {what}. {Standing(run)}");
            }

            if (limit is { } end)
            {
                await PassAsync(run, end, cancellationToken).ConfigureAwait(false);
            }

            return null;
        }, cancellationToken);
    }

    /// <summary>Waits for something of a run's tree that a person decides, and for its run to rest until then.</summary>
    public Task<T> ForAsync<T>(string runId, string what, Func<Task<T?>> look, CancellationToken cancellationToken)
        where T : class => WaitAsync(runId, what, async () =>
        {
            Run run = await GetAsync(runId, cancellationToken).ConfigureAwait(false);
            if (await look().ConfigureAwait(false) is { } found && (run.Status != RunStatus.Running || run.Waits.Count > 0))
            {
                return found;
            }

            return run.IsEnded ? throw new InvalidOperationException($"Run {runId} ended and did not come to {what}. {Standing(run)}") : null;
        }, cancellationToken);

    private async Task<T> WaitAsync<T>(string runId, string what, Func<Task<T?>> look, CancellationToken cancellationToken)
        where T : class
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            await process.ReviveAsync(cancellationToken).ConfigureAwait(false);
            if (await look().ConfigureAwait(false) is { } found)
            {
                return found;
            }

            if (TimeProvider.System.GetElapsedTime(begun) > patience)
            {
                Run run = await GetAsync(runId, cancellationToken).ConfigureAwait(false);
                string called = process.Crashes.UnderWay > 0 ? " A tool or the model is being called, and has not answered." : "";
                throw new TimeoutException($"Run {runId} did not come to {what} within {patience}. {Standing(run)}{called}");
            }

            await Task.Delay(BetweenLooks, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Moves time to what a tree waits for. While a tool or the model is called it stands still, since time limits of calls go by
    /// the same clock, unless every call waits for time itself.
    /// </summary>
    private async Task PassAsync(Run run, DateTimeOffset end, CancellationToken cancellationToken)
    {
        DateTimeOffset now = process.Time.GetUtcNow();
        if (process.Crashes.UnderWay is > 0 and int calls)
        {
            _looksAtWork = 0;
            if (process.Time.NextOfCalls(calls) is { } due)
            {
                EnsureBefore(run, now, end);
                process.Time.AdvanceTo(due < end ? due : end);
            }

            return;
        }

        Run[] tree = [.. await TreeAsync(run.Id, cancellationToken).ConfigureAwait(false)];
        bool isAtWork = process.Crashes.UnderWay > 0
            || tree.Any(one => one.Waits.Count == 0 || one.Waits.Any(wait => wait.Until <= now));
        if (isAtWork && ++_looksAtWork < LooksAtWork)
        {
            return;
        }

        _looksAtWork = 0;
        EnsureBefore(run, now, end);
        DateTimeOffset next = tree.SelectMany(static one => one.Waits)
            .SelectMany(static wait => new[] { wait.RemindsAt, wait.Until })
            .Where(at => at > now).Min() ?? now + Stride;
        process.Time.AdvanceTo(next < end ? next : end);
    }

    private static void EnsureBefore(Run run, DateTimeOffset now, DateTimeOffset end)
    {
        if (now >= end)
        {
            throw new TimeoutException($"Run {run.Id} did not come to what was waited for until {end:u}. {Standing(run)}");
        }
    }

    private async Task<IEnumerable<Run>> TreeAsync(string runId, CancellationToken cancellationToken)
    {
        RunTree tree = await process.Services.GetRequiredService<RunTreeReader>().GetAsync(runId, cancellationToken)
            .ConfigureAwait(false);
        return Flat(tree).Where(static run => !run.IsEnded);

        static IEnumerable<Run> Flat(RunTree branch) => branch.Children.SelectMany(Flat).Prepend(branch.Run);
    }

    private Task<Run> GetAsync(string runId, CancellationToken cancellationToken) =>
        process.Services.GetRequiredService<RunReader>().GetAsync(runId, cancellationToken);

    private static string Standing(Run run)
    {
        string waits = string.Join(", ",
            run.Waits.Select(static wait => $"{wait.Kind} {wait.Id}{(wait.Until is { } at ? $" until {at:u}" : "")}"));
        return $"It is {run.Status}, turn {run.Turns}{(waits.Length > 0 ? $", and waits for {waits}" : "")}."
            + $" {run.Error?.Message ?? run.Result?.Text}";
    }
}
