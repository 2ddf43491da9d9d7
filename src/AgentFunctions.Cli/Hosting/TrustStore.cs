using System.Text.Json;
using AgentFunctions.Sqlite;

namespace AgentFunctions.Cli.Hosting;

/// <summary>Remembers which folders a person has trusted, with what they held then.</summary>
internal static class TrustStore
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private static string FilePath => Path.Combine(DataFolder.Home, "trust.json");

    public static void Add(FolderContent content)
    {
        Dictionary<string, string> trusted = Read();
        foreach ((string path, string hash) in content.Hashes)
        {
            trusted[path] = hash;
        }

        Directory.CreateDirectory(DataFolder.Home);
        string draft = $"{FilePath}.{Guid.NewGuid():N}";
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(trusted, Json));
        File.Move(draft, FilePath, overwrite: true);
    }

    /// <summary>The hashes of what was trusted, by <see cref="FolderContent.Hashes"/>.</summary>
    public static Dictionary<string, string> Read()
    {
        try
        {
            return File.Exists(FilePath)
                ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(FilePath)) ?? []
                : [];
        }
        catch (JsonException error)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"'{FilePath}' cannot be read: {error.Message} Delete it, and trust your folders again with --trust.", error);
        }
    }
}
