using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Snapshots;

namespace AgentFunctions.Cli.Output;

/// <summary>Changes of folders as lines of text.</summary>
internal static class FolderText
{
    /// <summary>Writes what a restore did, or would do.</summary>
    public static void Write(RestoreResource report)
    {
        foreach (ChangeResource change in report.Restored)
        {
            Console.WriteLine(Terminal.Lines(Of(change)));
        }

        foreach (ConflictResource conflict in report.Conflicts)
        {
            string merge = conflict.Mergeable ? "; can be merged" : "";
            Console.WriteLine(Terminal.Lines($"  ! {conflict.Path}  kept: {conflict.By} changed it since{merge}"));
        }

        foreach (SkippedPath skipped in report.Skipped)
        {
            Console.WriteLine(Terminal.Lines($"  ? {skipped.Path}  left: {skipped.Why}"));
        }

        foreach (EffectLeft effect in report.Effects ?? [])
        {
            string unknown = effect.Unknown > 0 ? $", {effect.Unknown} of unknown outcome" : "";
            Console.WriteLine(Terminal.Lines($"  = {effect.Tool}  {effect.Calls} calls outside the folder since are not undone{unknown}"));
        }

        string done = report.DryRun ? "would restore" : "restored";
        Console.WriteLine(
            $"{done} {report.Restored.Count} to turn {report.Turn}, {report.Conflicts.Count} kept, {report.Skipped.Count} left");
        if (report.Question is { } question)
        {
            Console.WriteLine($"people are asked about the conflicts: question {question}");
        }
    }

    public static string Of(FileResource file)
    {
        string what = file.Type switch { "folder" => "/", "link" => $" -> {file.Link}", _ => $"  {file.Size} bytes" };
        return file.Kept ? what : $"{what}  (not kept)";
    }

    public static string Of(ChangeResource change)
    {
        string sign = change.Kind switch { "added" => "+", "removed" => "-", _ => "~" };
        string what = (change.After ?? change.Before) is { } shown ? Of(shown) : "";
        string calls = change.By is { } by ? $"  by one of {string.Join(", ", by)}" : "";
        return $"  {sign} {change.Path}{what}{calls}";
    }
}
