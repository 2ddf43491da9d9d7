using System.Text.RegularExpressions;

namespace AgentFunctions.AzureStorage;

/// <summary>The names that the ports allow, all of which are names of blobs as they are.</summary>
internal static partial class StorageNames
{
    private const int MaxLength = 512;

    public static void Ensure(string name, string parameter)
    {
        if (name is not { Length: > 0 and <= MaxLength } || !Pattern().IsMatch(name))
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"{parameter}: '{name}' is not a valid name. Use segments of A-Z a-z 0-9 . _ - joined by /, at most {MaxLength} characters.");
        }
    }

    // The segments . and .. would be taken out of the blob's address.
    [GeneratedRegex(@"\A(?!\.{1,2}(/|\z))[A-Za-z0-9._-]+(/(?!\.{1,2}(/|\z))[A-Za-z0-9._-]+)*\z")]
    private static partial Regex Pattern();
}
