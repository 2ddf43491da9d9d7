using System.Text.Json;
using AgentFunctions.Sqlite;

namespace AgentFunctions.Cli.Hosting;

/// <summary>Remembers which folders a person has trusted, with what they held then.</summary>
internal static class TrustStore
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private static string FilePath => Path.Combine(DataFolder.Home, "trust.json");

    /// <summary>The hash of what a folder held when it was trusted; <see langword="null"/> if it never was.</summary>
    public static string? Find(string folder) => Read().GetValueOrDefault(folder);

    public static void Add(FolderContent content)
    {
        Dictionary<string, string> trusted = Read();
        trusted[content.Folder] = content.Hash;
        Directory.CreateDirectory(DataFolder.Home);
        string draft = $"{FilePath}.{Guid.NewGuid():N}";
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(trusted, Json));
        File.Move(draft, FilePath, overwrite: true);
    }

    private static Dictionary<string, string> Read()
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
