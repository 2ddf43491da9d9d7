using AgentFunctions.Agents;
using AgentFunctions.Loop;
using AgentFunctions.Prompts;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using ActivityContext = AgentFunctions.Durability.ActivityContext;

namespace AgentFunctions.Steps;

/// <summary>
/// Has the model sum up the older part of what it is shown. Nothing leaves the stored transcript; the goal, the plan, what
/// is pinned and the newest turns stay word for word.
/// </summary>
internal sealed class CompactActivity(
    RunStore runs, Transcript transcript, Journal journal, Summaries summaries, RunTools tools, TimeProvider time)
{
    public async Task<CompactResult> RunAsync(ActivityContext context, CompactInput input)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        RunRecord run = await runs.GetAsync(input.RunId, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
        TranscriptWindow window = await transcript.ReadWindowAsync(input.RunId, input.Context, cancellationToken)
            .ConfigureAwait(false);
        TranscriptEntry? summary = await FindSummaryAsync(input, window, cancellationToken).ConfigureAwait(false);
        if (summary is not null)
        {
            // A crash came between its record and the engine's: the journal may or may not have heard of it.
            await journal.AppendIfMissingAsync(run.Id, Describe(summary), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            try
            {
                summary = await summaries.MakeAsync(run, input, window, cancellationToken).ConfigureAwait(false);
                if (summary is not null)
                {
                    // It is there and paid for: carried through, whatever becomes of the step.
                    await transcript.AppendAsync(run.Id, window, [summary], CancellationToken.None).ConfigureAwait(false);
                    await journal.AppendAsync(run.Id, Describe(summary), CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (AgentException e) when (ModelPause.Of(e) is { } pause)
            {
                return new CompactResult(input.Context, 0, new()) { RetryAfter = pause };
            }
        }

        if (summary is null)
        {
            var lost = new JournalEvent(JournalEventTypes.ModelLost, time.GetUtcNow())
            {
                Turn = input.Turn,
                Model = run.Model,
                Usage = input.Reserve,
            };
            await journal.AppendAsync(run.Id, lost, cancellationToken).ConfigureAwait(false);
            return new CompactResult(input.Context, 0, new()) { Lost = true };
        }

        long from = summary.SummaryKeepsFrom!.Value;
        IReadOnlyList<ToolDeclaration> declared = await tools.DeclaredAsync(run, agent, cancellationToken).ConfigureAwait(false);
        long bytes = Prompt.FirstRequestBytes(agent, run, declared) + Prompt.BytesOf(summary.Message)
            + window.Entries.Where(entry => entry.Position >= from && entry.Position > 0)
                .Sum(entry => Prompt.BytesOf(entry.Message));
        return new CompactResult(new ContextRef(from, summary.Position), bytes, summary.Usage!)
        {
            Model = summary.InPlaceOf is null ? null : summary.Model,
        };
    }

    /// <summary>The summary of this very step, where a crash came between its record and the engine's.</summary>
    private async Task<TranscriptEntry?> FindSummaryAsync(CompactInput input, TranscriptWindow window,
        CancellationToken cancellationToken)
    {
        long last = window.Entries.Count == 0 ? -1 : window.Entries[^1].Position;
        long from = Math.Max(last, input.Context.Summary ?? -1) + 1;
        await foreach (TranscriptEntry entry in transcript.ReadAsync(input.RunId, from, null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (entry.SummaryKeepsFrom is not null && entry.Turn == input.Turn)
            {
                return entry;
            }
        }

        return null;
    }

    private static JournalEvent Describe(TranscriptEntry summary) => new(JournalEventTypes.ContextCompacted, summary.At)
    {
        Turn = summary.Turn,
        Model = summary.Model,
        Usage = summary.Usage,
    };
}
