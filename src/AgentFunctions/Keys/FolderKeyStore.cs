using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Keys;

/// <summary>
/// Keys as PEM files in a folder that only the host's own user may read: <c>audit-000000-20260506T120000Z.pem</c>. Each carries
/// the seal of the host's key, which lies in the same folder: a file that somebody else put there is no key of this host.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="earlier">Knows the keys of earlier versions, which bore no seal.</param>
/// <param name="logger">Where a file that is no key of this host is told.</param>
internal sealed class FolderKeyStore(string folder, IEarlierKeys? earlier = null, ILogger? logger = null) : ISigningKeyStore
{
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
    private const string SealLabel = "Seal: ";
    private const string SealPurpose = "signing-key";

    public bool IsShared => false;

    public async Task<IReadOnlyList<StoredKey>> ReadAsync(string purpose, CancellationToken cancellationToken = default)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        HostKey host = HostKey.Open(folder, out _);
        var keys = new List<StoredKey>();
        foreach (string file in Directory.EnumerateFiles(folder, $"{purpose}-*.pem").Order(StringComparer.Ordinal))
        {
            // A few hundred bytes: read in place, a wait would cost more than they do.
            string text = File.ReadAllText(file);
            (string? seal, string pem) = Split(text);
            if (Read(file, pem) is { } key
                && await IsOursAsync(host, purpose, file, seal, key, cancellationToken).ConfigureAwait(false))
            {
                keys.Add(key);
            }
            else if (logger is not null)
            {
                KeyLog.ForeignKey(logger, file);
            }
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
        PrivateFile.CreateFolder(folder);
        return PrivateFile.TryCreate(Path.Combine(folder, name), Sealed(HostKey.Open(folder, out _), name, key.Pem));
    }

    private async Task<bool> IsOursAsync(
        HostKey host, string purpose, string file, string? seal, StoredKey key, CancellationToken cancellationToken)
    {
        string name = Path.GetFileName(file);
        if (seal is not null)
        {
            return host.IsSealed(SealPurpose, $"{name}\n{key.Pem}", seal);
        }

        if (earlier is null || !await earlier.IsKnownAsync(purpose, key, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        PrivateFile.Replace(file, Sealed(host, name, key.Pem));
        return true;
    }

    private static StoredKey? Read(string file, string pem) => DateTimeOffset.TryParseExact(
        Path.GetFileNameWithoutExtension(file).Split('-')[^1], TimeFormat, CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal, out DateTimeOffset created)
        ? new StoredKey(created, pem)
        : null;

    // What stands before the first dashes is no part of a PEM file.
    private static byte[] Sealed(HostKey host, string name, string pem) =>
        Encoding.ASCII.GetBytes($"{SealLabel}{host.Seal(SealPurpose, $"{name}\n{pem}")}\n{pem}");

    private static (string? Seal, string Pem) Split(string text)
    {
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        return end > 0 && text.StartsWith(SealLabel, StringComparison.Ordinal)
            ? (text[SealLabel.Length..end], text[(end + 1)..])
            : (null, text);
    }
}
