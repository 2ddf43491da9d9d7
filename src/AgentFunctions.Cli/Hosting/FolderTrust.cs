using AgentFunctions.Cli.Output;

namespace AgentFunctions.Cli.Hosting;

/// <summary>Asks a person, once, whether what a folder brings may govern runs.</summary>
internal static class FolderTrust
{
    /// <summary>Whether the working folder's agents and configuration may be loaded.</summary>
    /// <param name="withAgents">Whether its agents would be loaded; they are not if others were named.</param>
    /// <param name="isGiven">Whether a person says so with this very command: of all that the folder brings.</param>
    public static bool Decide(bool withAgents, bool isGiven)
    {
        FolderContent content = FolderContent.OfWorkingFolder(withAgents || isGiven);
        if (content.Files.Count == 0)
        {
            return true;
        }

        IReadOnlyDictionary<string, string> trusted = TrustStore.Read();
        if (content.Hashes.All(part => trusted.GetValueOrDefault(part.Key) == part.Value))
        {
            return true;
        }

        bool isChanged = content.Hashes.Keys.Any(trusted.ContainsKey);
        if (isGiven || Ask(content, isChanged))
        {
            TrustStore.Add(content);
            return true;
        }

        string why = isChanged ? "they have changed since the folder was trusted" : "nobody has trusted this folder";
        Console.Error.WriteLine(Terminal.Lines(
            $"note: {content.InWords()} of '{content.Folder}' are not loaded, since {why}; look at them, then run once with --trust."));
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
