using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Snapshots;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What a run and its sub-agents changed in their folder.</summary>
/// <param name="Run">The run.</param>
/// <param name="Kept">
/// Which changes are kept: <c>off</c>, <c>writes</c> (of tools that name the file), or <c>all</c> (of commands, too).
/// </param>
/// <param name="Entries">What happened, in order.</param>
/// <param name="Skipped">All that was left out or not kept of the folder so far: a restore leaves it as it is.</param>
internal sealed record ChangesResource(
    string Run, string Kept, IReadOnlyList<ChangeEntryResource> Entries, IReadOnlyList<SkippedPath> Skipped)
{
    public static ChangesResource Of(RunChanges changes) =>
        new(changes.Run, CamelCase.Of(changes.Mode), [.. changes.Entries.Select(ChangeEntryResource.Of)], changes.Skipped);
}

/// <summary>What one call changed, or what was found changed or restored.</summary>
/// <param name="Seq">The number of the entry in the log of the folder.</param>
/// <param name="At">When it was entered (UTC).</param>
/// <param name="Run">The run that made the changes; null for what was found changed.</param>
/// <param name="Turn">The turn; for a restore, the turn that was restored.</param>
/// <param name="Call">The number of the call within its turn; null for what no call did.</param>
/// <param name="Restore">Whether a person restored an earlier state.</param>
/// <param name="Changes">What changed.</param>
/// <param name="Skipped">What was not kept.</param>
internal sealed record ChangeEntryResource(
    long Seq, DateTime At, string? Run, int? Turn, int? Call, bool Restore,
    IReadOnlyList<ChangeResource> Changes, IReadOnlyList<SkippedPath> Skipped)
{
    public static ChangeEntryResource Of(RunChangeEntry entry) => new(
        entry.Seq, entry.At.UtcDateTime, entry.Run, entry.Turn, entry.Call, entry.IsRestore,
        [.. entry.Changes.Select(ChangeResource.Of)], entry.Skipped);
}

/// <summary>A change of a path.</summary>
/// <param name="Path">The path, relative to the folder.</param>
/// <param name="Kind"><c>added</c>, <c>changed</c> or <c>removed</c>.</param>
/// <param name="Before">What was there before; null for an added path.</param>
/// <param name="After">What was there afterwards; null for a removed path.</param>
/// <param name="By">The calls that may have made the change, if several ran at once; null otherwise.</param>
internal sealed record ChangeResource(string Path, string Kind, FileResource? Before, FileResource? After,
    IReadOnlyList<string>? By)
{
    public static ChangeResource Of(FolderChange change) => new(
        change.Path, change.Before is null ? "added" : change.After is null ? "removed" : "changed",
        FileResource.Of(change.Before), FileResource.Of(change.After), change.By);
}

/// <summary>What is at a path.</summary>
/// <param name="Type"><c>file</c>, <c>link</c> or <c>folder</c>.</param>
/// <param name="Sha256">The SHA-256 of the content of a file.</param>
/// <param name="Size">The size of a file in bytes.</param>
/// <param name="Mode">The permissions (Unix) as octal digits.</param>
/// <param name="Link">Where a link leads.</param>
/// <param name="Kept">Whether it can be restored.</param>
internal sealed record FileResource(string Type, string? Sha256, long? Size, string? Mode, string? Link, bool Kept)
{
    public static FileResource? Of(FileImage? image) => image is null ? null : new(
        image.IsFolder ? "folder" : image.Link is null ? "file" : "link", image.Hash, image.Size,
        image.Mode is { } mode ? Convert.ToString(mode, 8).PadLeft(3, '0') : null, image.Link, !image.NotKept);
}

/// <summary>The files of a run's folder at the end of a turn, as far as they are known.</summary>
/// <param name="Run">The run.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Files">What was there, by path.</param>
internal sealed record FilesResource(string Run, int Turn, IReadOnlyDictionary<string, FileResource> Files)
{
    public static FilesResource Of(RunFiles files) =>
        new(files.Run, files.Turn,
            files.Files.ToDictionary(static file => file.Key, static file => FileResource.Of(file.Value)!,
                StringComparer.Ordinal));
}

/// <summary>What was restored, or would be.</summary>
/// <param name="Run">The run.</param>
/// <param name="Turn">The turn that was restored.</param>
/// <param name="DryRun">Whether nothing was done.</param>
/// <param name="Restored">What changed by it.</param>
/// <param name="Conflicts">What others have changed since, which was kept.</param>
/// <param name="Skipped">What could not be restored.</param>
/// <param name="Question">The question to people about the conflicts; null if none was asked.</param>
/// <param name="Effects">The effects outside the folder of calls after the turn, by tool, which are not undone.</param>
internal sealed record RestoreResource(
    string Run, int Turn, bool DryRun,
    IReadOnlyList<ChangeResource> Restored, IReadOnlyList<ConflictResource> Conflicts, IReadOnlyList<SkippedPath> Skipped,
    string? Question,
    IReadOnlyList<EffectLeft> Effects)
{
    public static RestoreResource Of(RestoreReport report) => new(
        report.Run, report.Turn, report.DryRun, [.. report.Restored.Select(ChangeResource.Of)],
        [.. report.Conflicts.Select(static one => new ConflictResource(
            one.Path, one.By, FileResource.Of(one.Present), FileResource.Of(one.Target), one.IsMergeable))],
        report.Skipped, report.Question, report.Effects);
}

/// <summary>The outcome of a rewind.</summary>
/// <param name="Run">The run that continues: the new one, or the same if only the folder was restored.</param>
/// <param name="Files">What was restored in the folder; null if only the conversation was rewound.</param>
internal sealed record RewindResource(RunResource Run, RestoreResource? Files);

/// <summary>A path that others have changed since.</summary>
/// <param name="Path">The path.</param>
/// <param name="By">Who changed it.</param>
/// <param name="Present">What is there; null for nothing.</param>
/// <param name="Target">What a restore would put there; null for nothing.</param>
/// <param name="Mergeable">Whether <c>merge</c> would resolve it: the changes do not touch the same lines.</param>
internal sealed record ConflictResource(string Path, string By, FileResource? Present, FileResource? Target, bool Mergeable);
