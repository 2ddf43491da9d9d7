using System.ComponentModel;
using AgentFunctions.Core;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Monitors;

/// <summary>The tool by which a woken agent leaves notes and questions for those that are woken later.</summary>
internal static class MonitorMemoryTool
{
    public const string Name = "monitor_memory";

    public static AgentTool Create() => new(
        AgentTool.CreateFunction(
            Name,
            "Remembers a note or an open question for later runs of the monitor that woke you, or removes one that is settled. "
            + "Returns what is remembered.",
            RunAsync),
        ToolEffect.Idempotent)
    {
        IsOptIn = true,
        Reach = ToolReach.Runtime,
    };

    private static async Task<string> RunAsync(
        ToolContext context,
        [Description("A fact to remember, at most 500 characters.")] string? note = null,
        [Description("A question to come back to, at most 500 characters.")] string? question = null,
        [Description("The id of a note or question that is settled.")] string? remove = null,
        CancellationToken cancellationToken = default)
    {
        IServiceProvider services = context.Services;
        // A sub-agent may begin after the deletion of the monitor that woke its tree.
        RunRecord run = await services.GetRequiredService<RunStore>()
            .GetAsync(ChildName.RootOf(context.RunId), cancellationToken).ConfigureAwait(false);
        MonitorStore monitors = services.GetRequiredService<MonitorStore>();
        if (!run.Labels.TryGetValue("monitor", out string? name)
            || await monitors.FindAsync(name, cancellationToken).ConfigureAwait(false) is not var (record, _)
            || run.CreatedAt < record.CreatedAt)
        {
            throw new AgentException(
                ErrorCode.ToolFailed,
                "No monitor woke this run, or the one that did was deleted, so there is nothing to remember for.");
        }

        if (note?.Length > MonitorNotes.MaxLength || question?.Length > MonitorNotes.MaxLength)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                $"note, question: use at most {MonitorNotes.MaxLength} characters.");
        }

        DateTimeOffset now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        int most = record.Definition.Memory.Notes;
        // The id follows from the call, so a call that a crash repeats writes the same note.
        string id = $"{context.RunId[^Math.Min(6, context.RunId.Length)..]}-{context.Turn}-{context.Call}";
        MonitorNotes notes = await monitors.UpdateNotesAsync(record, Change, cancellationToken).ConfigureAwait(false);
        return notes.Items.Count == 0
            ? "Nothing is remembered."
            : string.Join('\n', notes.Items.Select(item => $"[{item.Id}]{(item.IsQuestion ? " open question:" : "")} {item.Text}"));

        MonitorNotes Change(MonitorNotes before)
        {
            MonitorNotes after = remove is null || before.Items.All(item => item.Id != remove)
                ? before
                : new MonitorNotes { Items = [.. before.Items.Where(item => item.Id != remove)] };
            after = string.IsNullOrWhiteSpace(note)
                ? after
                : after.With(new MonitorNote($"n{id}", now, context.RunId, note.Trim()), most);
            return string.IsNullOrWhiteSpace(question)
                ? after
                : after.With(new MonitorNote($"q{id}", now, context.RunId, question.Trim(), true), most);
        }
    }
}
