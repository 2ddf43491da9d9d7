namespace AgentFunctions.Tests.Gateway.Erasure;

/// <summary>A folder that no host can delete, whatever its rights: a path in it is longer than the system takes.</summary>
internal static class UndeletableFolder
{
    private const int Levels = 12;

    private static readonly string s_name = new('d', 200);

    /// <summary>Makes a folder undeletable.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="elsewhere">A folder for what makes it so, on the same disk.</param>
    /// <returns>Makes it deletable again.</returns>
    public static Action Make(string folder, string elsewhere)
    {
        string upper = Chain(Path.Combine(folder, "deep"));
        string lower = Path.Combine(elsewhere, "lower");
        Chain(lower);
        string joined = Path.Combine(upper, "lower");
        Directory.Move(lower, joined);
        return () => Directory.Move(joined, lower);
    }

    private static string Chain(string folder)
    {
        for (int level = 0; level < Levels; level++)
        {
            folder = Path.Combine(folder, s_name);
        }

        return Directory.CreateDirectory(folder).FullName;
    }
}
