using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Records;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Cli.Output;

/// <summary>One line an event, for logs and pipes.</summary>
internal sealed class PlainOutput(TextWriter writer) : IRunOutput
{
    private DateTimeOffset? _startedAt;

    public bool IsLive => false;

    public void Begin(RunResource run, string how)
    {
        _startedAt = run.CreatedAt;
        foreach (string line in RunText.Heading(run, how))
        {
            writer.WriteLine(line);
        }
    }

    public async Task FollowAsync(
        IAsyncEnumerable<RunSignal> signals, Func<CancellationToken, Task<RunResource>> read, CancellationToken cancellationToken)
    {
        await foreach (RunSignal signal in signals.WithCancellation(cancellationToken))
        {
            if (signal is not JournalSignal { Event: var journalEvent })
            {
                continue;
            }

            writer.WriteLine(JournalLine.Format(journalEvent, _startedAt ??= journalEvent.At));
            if (RunText.ChangesPlan(journalEvent) && (await read(cancellationToken)).Plan is { Count: > 0 } plan)
            {
                writer.WriteLine($"{"",20}{RunText.PlanLine(plan)}");
            }
        }
    }

    public void End(RunResource run)
    {
        foreach (string line in RunText.Summary(run))
        {
            writer.WriteLine(line);
        }
    }
}
