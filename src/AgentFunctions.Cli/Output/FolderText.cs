using AgentFunctions.AspNetCore.Runs;

namespace AgentFunctions.Cli.Output;

/// <summary>Changes of folders as lines of text.</summary>
internal static class FolderText
{
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
