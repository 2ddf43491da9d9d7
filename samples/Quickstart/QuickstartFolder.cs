namespace AgentFunctions.Quickstart;

/// <summary>Which folder the sample audits.</summary>
internal static class QuickstartFolder
{
    /// <summary>The folder after <c>--workspace</c>; otherwise the repository that the sample is in.</summary>
    public static string Find(string[] args)
    {
        int option = Array.IndexOf(args, "--workspace");
        if (option >= 0)
        {
            return option + 1 < args.Length && Directory.Exists(args[option + 1])
                ? Path.GetFullPath(args[option + 1])
                : throw new AgentException(ErrorCode.InvalidInput, "--workspace: name a folder that exists.");
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AgentFunctions.sln")))
            {
                return folder.FullName;
            }
        }

        return Directory.GetCurrentDirectory();
    }
}
