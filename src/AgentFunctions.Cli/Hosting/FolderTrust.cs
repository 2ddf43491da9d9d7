using AgentFunctions.Cli.Output;

namespace AgentFunctions.Cli.Hosting;

/// <summary>Asks a person, once, whether what a folder brings may govern runs.</summary>
internal static class FolderTrust
{
    /// <summary>Whether a folder's agents and configuration may be loaded.</summary>
    /// <param name="content">What the folder brings.</param>
    /// <param name="isGiven">Whether a person says so with this very command.</param>
    public static bool Decide(FolderContent content, bool isGiven)
    {
        if (content.Files.Count == 0)
        {
            return true;
        }

        string? trusted = TrustStore.Find(content.Folder);
        if (trusted == content.Hash)
        {
            return true;
        }

        if (isGiven || Ask(content, isChanged: trusted is not null))
        {
            TrustStore.Add(content);
            return true;
        }

        Console.Error.WriteLine(Terminal.Lines(
            $"note: {content.InWords()} of '{content.Folder}' {(trusted is null ? "are not loaded, since nobody has trusted this folder" : "are not loaded, since they have changed since the folder was trusted")}; look at them, then run once with --trust."));
        return false;
    }

    private static bool Ask(FolderContent content, bool isChanged)
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
        {
            return false;
        }

        Console.Error.WriteLine(Terminal.Lines(
            $"The folder '{content.Folder}' brings {content.InWords()}{(isChanged ? ", changed since you trusted it" : "")}. They decide what agents do, and may start programs."));
        Console.Error.Write("Trust them? [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
