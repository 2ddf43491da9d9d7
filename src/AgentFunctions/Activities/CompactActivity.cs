using AgentFunctions.Agents;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Planning;
using Microsoft.Extensions.AI;
using ActivityContext = AgentFunctions.Durability.ActivityContext;

namespace AgentFunctions.Activities;

/// <summary>
/// Has the model sum up the older part of what it is shown. Nothing leaves the stored transcript; the goal, the plan and
/// the newest turns stay word for word.
/// </summary>
internal sealed class CompactActivity(
    RunStore runs, Transcript transcript, Journal journal, PlanStore plans, ModelCaller caller, IModelCatalog models, RunTools tools,
    TimeProvider time)
{
    public async Task<CompactResult> RunAsync(ActivityContext context, CompactInput input)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        RunRecord run = await runs.GetAsync(input.RunId, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
        TranscriptWindow window = await transcript.ReadWindowAsync(input.RunId, input.Context, cancellationToken).ConfigureAwait(false);
        TranscriptEntry summary = await FindSummaryAsync(input, window, cancellationToken).ConfigureAwait(false)
            ?? await SumUpAsync(run, input, window, cancellationToken).ConfigureAwait(false);

        long from = summary.SummaryKeepsFrom!.Value;
        IReadOnlyList<ToolDeclaration> declared = await tools.DeclaredAsync(run, agent, cancellationToken).ConfigureAwait(false);
        long bytes = Prompt.FirstRequestBytes(agent, run, declared) + Prompt.BytesOf(summary.Message)
            + window.Entries.Where(entry => entry.Position >= from && entry.Position > 0).Sum(entry => Prompt.BytesOf(entry.Message));
        return new CompactResult(new ContextRef(from, summary.Position), bytes, summary.Usage!);
    }

    /// <summary>The summary of this very step, where a crash came between its record and the engine's.</summary>
    private async Task<TranscriptEntry?> FindSummaryAsync(CompactInput input, TranscriptWindow window, CancellationToken cancellationToken)
    {
        long last = (window.Entries.Count == 0 ? -1 : window.Entries[^1].Position) + 1;
        await foreach (TranscriptEntry entry in transcript.ReadAsync(input.RunId, last, null, cancellationToken).ConfigureAwait(false))
        {
            if (entry.SummaryKeepsFrom is not null && entry.Turn == input.Turn)
            {
                return entry;
            }
        }

        return null;
    }

    private async Task<TranscriptEntry> SumUpAsync(
        RunRecord run, CompactInput input, TranscriptWindow window, CancellationToken cancellationToken)
    {
        int head = window.Context.Summary is null ? 1 : 2;
        int kept = FirstKept(window.Entries, head, input.KeepTokens);
        if (kept <= head)
        {
            throw new AgentException(
                ErrorCode.ModelContextExceeded,
                "The messages of a single turn fill the model's context window; use a model with a larger one, or lower the tools' result limits.");
        }

        ModelBinding model = models.Resolve(run.Model);
        string older = Conversation.Render(window.Entries.Skip(1).Take(kept - 1));
        ChatResponse response = await caller.CallAsync(
            model,
            [new(ChatRole.System, CompactionText.Instructions), new(ChatRole.User, CompactionText.Request(Prompt.Goal(run).Text, older))],
            new ChatOptions { ModelId = model.ModelId, MaxOutputTokens = input.MaxOutputTokens, Temperature = model.Profile.Temperature },
            cancellationToken).ConfigureAwait(false);

        string plan = PlanText.Render(await plans.GetAsync(run.Id, cancellationToken).ConfigureAwait(false));
        var message = new ChatMessage(ChatRole.User, CompactionText.Summary(input.Turn, response.Text, plan));
        var summary = new TranscriptEntry(input.Turn, message, time.GetUtcNow())
        {
            SummaryKeepsFrom = window.Entries[kept].Position,
            Model = model.Name,
            Usage = ModelCaller.UsageOf(response, model.Profile.Price),
            Position = window.End,
        };
        await transcript.AppendAsync(run.Id, window, [summary], cancellationToken).ConfigureAwait(false);
        await journal.AppendAsync(
            run.Id,
            new JournalEvent(JournalEventTypes.ContextCompacted, summary.At) { Turn = input.Turn, Model = model.Name, Usage = summary.Usage },
            cancellationToken).ConfigureAwait(false);
        return summary;
    }

    /// <summary>
    /// The first message that stays: as many of the newest as fit, but never a tool's result without the call that asked
    /// for it, and always the last message of the model.
    /// </summary>
    private static int FirstKept(IReadOnlyList<TranscriptEntry> entries, int head, int keepTokens)
    {
        int lastReply = entries.Count - 1;
        while (lastReply > head && entries[lastReply].Message.Role != ChatRole.Assistant)
        {
            lastReply--;
        }

        int kept = lastReply;
        long tokens = 0;
        for (int i = lastReply; i > head; i--)
        {
            tokens += Prompt.BytesOf(entries[i].Message) / ContextPolicy.BytesPerToken;
            if (tokens > keepTokens)
            {
                break;
            }

            kept = entries[i].Message.Role == ChatRole.Assistant ? i : kept;
        }

        return kept;
    }
}
