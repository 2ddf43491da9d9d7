using System.Globalization;
using System.Text;

namespace AgentFunctions.Governance.Identity;

/// <summary>Keys as PEM files in a folder that only the host's own user may read: <c>audit-000000-20260506T120000Z.pem</c>.</summary>
internal sealed class FolderKeyStore(string folder) : ISigningKeyStore
{
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";

    public async Task<IReadOnlyList<StoredKey>> ReadAsync(string purpose, CancellationToken cancellationToken = default)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        var keys = new List<StoredKey>();
        foreach (string file in Directory.EnumerateFiles(folder, $"{purpose}-*.pem").Order(StringComparer.Ordinal))
        {
            string created = Path.GetFileNameWithoutExtension(file).Split('-')[^1];
            keys.Add(new StoredKey(
                DateTimeOffset.ParseExact(created, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false)));
        }

        return keys;
    }

    public async Task<bool> TryAddAsync(string purpose, int number, StoredKey key, CancellationToken cancellationToken = default)
    {
        if ((await ReadAsync(purpose, cancellationToken).ConfigureAwait(false)).Count > number)
        {
            return false;
        }

        string name = $"{purpose}-{number:D6}-{key.CreatedAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}.pem";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        Directory.CreateDirectory(folder);
        // Written aside and moved, so that nobody ever reads half a key.
        string draft = Path.Combine(folder, $".{Guid.NewGuid():N}");
        var file = new FileStream(draft, options);
        await using (file.ConfigureAwait(false))
        {
            await file.WriteAsync(Encoding.ASCII.GetBytes(key.Pem), cancellationToken).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(draft, Path.Combine(folder, name), overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(Path.Combine(folder, name)))
        {
            File.Delete(draft);
            return false;
        }
    }
}
