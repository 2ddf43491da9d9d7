using System.ComponentModel;
using System.Globalization;
using System.Text;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Swarm;

/// <summary>
/// What the runs of a tree share: a blackboard, and each other's artifacts. An agent has these tools when its definition names
/// them, and a sub-agent only when its lead has them too.
/// </summary>
internal static class SharedTools
{
    private const int MaxNote = 4_000;
    private const int MaxRead = 50;
    private const int MaxArtifact = 16_000;

    public static IReadOnlyList<AgentTool> Create() =>
    [
        Tool(
            "post_to_board",
            "Leaves a note on the blackboard that all agents of this tree can read. Notes stay and cannot be changed.",
            ToolEffect.Idempotent, PostAsync),
        Tool("read_board", "Reads the blackboard of this tree from a note on.", ToolEffect.None, ReadAsync),
        Tool("read_shared_artifact", "Reads a text artifact of another agent of this tree.", ToolEffect.None, ReadArtifactAsync),
    ];

    private static AgentTool Tool(string name, string description, ToolEffect effect, Delegate method) =>
        new(AgentTool.CreateFunction(name, description, method), effect) { IsOptIn = true, Reach = ToolReach.Runtime };

    private static async Task<string> PostAsync(ToolContext context, [Description("The note.")] string text,
        CancellationToken cancellationToken)
    {
        SwarmArguments.RequireText(text, nameof(text), MaxNote);
        long number = await context.Services.GetRequiredService<Blackboard>()
            .AddAsync(context.RunId, context.IdempotencyKey, text, cancellationToken).ConfigureAwait(false);
        return string.Create(CultureInfo.InvariantCulture, $"This is note {number}.");
    }

    private static async Task<string> ReadAsync(
        ToolContext context, [Description("The number of the first note; 0 by default.")] long from = 0,
        CancellationToken cancellationToken = default)
    {
        IReadOnlyList<(long Number, BoardNote Note)> notes = await context.Services.GetRequiredService<Blackboard>()
            .ReadAsync(context.RunId, Math.Max(0, from), MaxRead, cancellationToken).ConfigureAwait(false);
        var text = new StringBuilder();
        foreach ((long number, BoardNote note) in notes)
        {
            text.Append(CultureInfo.InvariantCulture, $"[{number}] {ChildName.NameOf(note.By)}: {note.Text}\n");
        }

        return notes.Count == 0 ? "(the board is empty)"
            : notes.Count < MaxRead ? text.ToString()
            : text.Append(CultureInfo.InvariantCulture, $"Go on with from {notes[^1].Number + 1}.").ToString();
    }

    private static async Task<string> ReadArtifactAsync(
        ToolContext context,
        [Description("The id of the run that made it.")] string run,
        [Description("The artifact's name.")] string name,
        CancellationToken cancellationToken)
    {
        RunStore runs = context.Services.GetRequiredService<RunStore>();
        RunLineage lineage = context.Services.GetRequiredService<RunLineage>();
        RunRecord own = await runs.GetAsync(context.RunId, cancellationToken).ConfigureAwait(false);
        RunRecord? other = await runs.FindAsync(run, cancellationToken).ConfigureAwait(false);
        string root = (await lineage.OfAsync(own, cancellationToken).ConfigureAwait(false)).Root.Id;
        if (other is null || (await lineage.OfAsync(other, cancellationToken).ConfigureAwait(false)).Root.Id != root)
        {
            throw new AgentException(ErrorCode.SubAgentNotFound, $"run: there is no run '{run}' in this tree.");
        }

        (Artifact Artifact, ReadOnlyMemory<byte> Content) found =
            await context.Services.GetRequiredService<ArtifactStore>().GetAsync(run, name, cancellationToken)
                .ConfigureAwait(false)
            ?? throw new AgentException(ErrorCode.ArtifactNotFound, $"name: run '{run}' has no artifact '{name}'.");
        return found.Artifact.MediaType.StartsWith("text/", StringComparison.Ordinal)
            ? Preview.OfBytes(Encoding.UTF8.GetString(found.Content.Span), MaxArtifact,
                $"\n… [cut: {found.Artifact.Length} bytes in all]")
            : throw new AgentException(ErrorCode.InvalidInput, $"name: '{name}' is {found.Artifact.MediaType}, not text.");
    }
}
