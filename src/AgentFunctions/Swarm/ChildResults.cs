using System.Text;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Swarm;

/// <summary>What sub-agents have to say to their lead: bounded, with a reference to the whole.</summary>
internal sealed class ChildResults(Transcript transcript, ArtifactStore artifacts)
{
    /// <summary>
    /// The result of a sub-agent that has ended, in words for its lead; what is cut is kept whole with the lead.
    /// </summary>
    /// <param name="run">The sub-agent.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="lead">Its lead, and the most bytes (UTF-8).</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<ToolOutcome> SumUpAsync(RunRecord run, RunOutcome outcome, LeadLink lead,
        CancellationToken cancellationToken)
    {
        TranscriptEntry? last = await LastWordsAsync(run.Id, outcome.State.Context, cancellationToken).ConfigureAwait(false);
        string answer = last?.Message.Text ?? "";
        string how = outcome.Status == RunStatus.Completed
            ? ""
            : $"[This sub-agent ended as {JsonNamingPolicy.CamelCase.ConvertName(outcome.Status.ToString())}: {outcome.Message ?? outcome.Code} "
                + $"{(answer.Length == 0 ? "It said nothing." : "What it said last:")}]\n";
        how += RunResult.NoteFor(last?.FinishReason) is { } cut ? $"[{cut}]\n" : "";
        IReadOnlyList<Artifact> files = await artifacts.ListAsync(run.Id, cancellationToken).ConfigureAwait(false);
        string made = files.Count == 0
            ? ""
            : $"\n[Artifacts of {run.Id}: {string.Join(", ", files.Take(20).Select(static file => file.Name))}{(files.Count > 20 ? " and more" : "")}]";
        int room = Math.Max(0, lead.ResultBytes - Encoding.UTF8.GetByteCount(made));
        bool isError = outcome.Status != RunStatus.Completed;
        ErrorCode? code = isError && Enum.TryParse(outcome.Code, out ErrorCode known) ? known : null;
        if (Encoding.UTF8.GetByteCount(how + answer) <= room)
        {
            return new ToolOutcome(how + answer + made, isError, code);
        }

        string kept = await KeepAsync(artifacts, lead.RunId, ChildName.NameOf(run.Id), answer, cancellationToken)
            .ConfigureAwait(false);
        string note = $"\n… [cut; the whole is your artifact {kept}, which recall pages through, and in the transcript of run {run.Id}]";
        return new ToolOutcome(Preview.OfBytes(how + answer, room, note) + made, isError, code, kept);
    }

    /// <summary>Keeps the whole answer of a sub-agent where its lead can page through it; again, it replaces the same.</summary>
    /// <returns>The name of the artifact.</returns>
    public static async Task<string> KeepAsync(ArtifactStore artifacts, string lead, string child, string answer,
        CancellationToken cancellationToken)
    {
        string name = $"answer-{child}.txt";
        await artifacts.SaveAsync(lead, name, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(answer), cancellationToken)
            .ConfigureAwait(false);
        return name;
    }

    private async Task<TranscriptEntry?> LastWordsAsync(string runId, ContextRef context, CancellationToken cancellationToken)
    {
        TranscriptWindow window = await transcript.ReadWindowAsync(runId, context, cancellationToken).ConfigureAwait(false);
        return window.Last(static entry => entry.Turn > 0
            && entry.Message is { Role: var role, Text.Length: > 0 } && role == ChatRole.Assistant);
    }
}
