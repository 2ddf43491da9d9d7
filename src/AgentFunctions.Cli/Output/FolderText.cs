using AgentFunctions.AspNetCore.Runs;

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
            Console.WriteLine(Terminal.Lines($"  ! {conflict.Path}  kept: {conflict.By} changed it since{(conflict.Mergeable ? "; can be merged" : "")}"));
        }

        foreach (Snapshots.SkippedPath skipped in report.Skipped)
        {
            Console.WriteLine(Terminal.Lines($"  ? {skipped.Path}  left: {skipped.Why}"));
        }

        string done = report.DryRun ? "would restore" : "restored";
        Console.WriteLine($"{done} {report.Restored.Count} to turn {report.Turn}, {report.Conflicts.Count} kept, {report.Skipped.Count} left");
        if (report.Question is { } question)
        {
            Console.WriteLine($"people are asked about the conflicts: question {question}");
        }
    }

    public static string Of(FileResource file) => file.Type switch
    {
        "folder" => "/",
        "link" => $" -> {file.Link}",
        _ => $"  {file.Size} bytes{(file.Kept ? "" : "  (not kept)")}",
    };

    public static string Of(ChangeResource change)
    {
        string sign = change.Kind switch { "added" => "+", "removed" => "-", _ => "~" };
        FileResource? shown = change.After ?? change.Before;
        string what = shown?.Type switch { "folder" => "/", "link" => $" -> {shown.Link}", _ => $"  {shown?.Size} bytes" };
        string kept = shown?.Kept == false ? "  (not kept)" : "";
        string calls = change.By is { } by ? $"  by one of {string.Join(", ", by)}" : "";
        return $"  {sign} {change.Path}{what}{kept}{calls}";
    }
}
