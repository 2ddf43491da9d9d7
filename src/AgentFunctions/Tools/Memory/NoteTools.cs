using System.ComponentModel;
using System.Text;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools.Memory;

/// <summary>
/// The tools by which an agent keeps notes that outlive its runs. Only agents whose definition names them get them.
/// </summary>
internal static class NoteTools
{
    private const string LabelHelp =
        "The name of one of this run's labels, for notes shared by the runs with the same value of it; leave it out for notes of all your runs.";

    public static IReadOnlyList<AgentTool> Create() =>
    [
        new(
            AgentTool.CreateFunction(
                "save_note",
                $"Writes a note that your later runs can read; a note of the same name is replaced, an empty text removes it. At most {NoteStore.MaxText} characters, {NoteStore.MaxNotes} notes.",
                SaveAsync),
            ToolEffect.Idempotent) { IsOptIn = true, Reach = ToolReach.Runtime },
        new(AgentTool.CreateFunction("read_notes", "Reads the notes that your runs have written.", ReadAsync),
            ToolEffect.None) { IsOptIn = true, Reach = ToolReach.Runtime },
    ];

    private static async Task<string> SaveAsync(
        ToolContext context,
        [Description("The note's name: letters, digits, '.', '_' and '-'.")] string name,
        [Description("The words; empty to remove the note.")] string text,
        [Description(LabelHelp)] string? label = null,
        CancellationToken cancellationToken = default)
    {
        NoteStore notes = context.Services.GetRequiredService<NoteStore>();
        NoteScope scope = await ScopeAsync(context, label, cancellationToken).ConfigureAwait(false);
        if (string.IsNullOrWhiteSpace(text))
        {
            await notes.DeleteAsync(scope, name, cancellationToken).ConfigureAwait(false);
            return $"Removed {name}.";
        }

        DateTimeOffset now = context.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        await notes.PutAsync(scope, new Note(name, text, context.RunId, now), cancellationToken).ConfigureAwait(false);
        return $"Saved {name}.";
    }

    private static async Task<string> ReadAsync(
        ToolContext context,
        [Description("The name of one note; leave it out for all.")] string? name = null,
        [Description(LabelHelp)] string? label = null,
        CancellationToken cancellationToken = default)
    {
        NoteScope scope = await ScopeAsync(context, label, cancellationToken).ConfigureAwait(false);
        var text = new StringBuilder();
        foreach (Note note in await context.Services.GetRequiredService<NoteStore>().ListAsync(scope, cancellationToken)
            .ConfigureAwait(false))
        {
            if (name is null || note.Name == name)
            {
                text.Append("## ").Append(note.Name).Append(" (").Append(note.At.ToString("yyyy-MM-dd")).Append(")\n")
                    .Append(note.Text).Append("\n\n");
            }
        }

        return text.Length == 0 ? "There are no such notes." : text.ToString().TrimEnd();
    }

    /// <summary>A run reaches the notes of its own labels only.</summary>
    private static async Task<NoteScope> ScopeAsync(ToolContext context, string? label, CancellationToken cancellationToken)
    {
        if (label is null)
        {
            return new NoteScope(context.Agent);
        }

        RunRecord run = await context.Services.GetRequiredService<RunStore>().GetAsync(context.RunId, cancellationToken)
            .ConfigureAwait(false);
        return run.Labels.TryGetValue(label, out string? value)
            ? new NoteScope(context.Agent, label, value)
            : throw new AgentException(
                ErrorCode.ToolArgumentsInvalid,
                $"label: this run has no label '{label}'; {(run.Labels.Count == 0 ? "it has none." : $"it has {string.Join(", ", run.Labels.Keys)}.")}");
    }
}
