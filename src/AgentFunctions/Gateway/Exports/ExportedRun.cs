using System.Collections.Concurrent;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Keys;

namespace AgentFunctions.Gateway.Exports;

/// <summary>Represents a file that <see cref="RunExports"/> wrote, for a host that shows it and changes nothing.</summary>
public sealed class ExportedRun
{
    /// <summary>The most that a file may hold: it may come from anywhere, and must not fill the disk.</summary>
    private const long MaxBytes = 4L << 30;

    private const long MaxManifest = 64 << 20;

    private readonly ExportManifest _manifest;

    private ExportedRun(string path, ExportManifest manifest, string kid) => (Path, _manifest, Kid) = (path, manifest, kid);

    /// <summary>Gets the full path of the file.</summary>
    public string Path { get; }

    /// <summary>Gets the root of the tree.</summary>
    public string Run => _manifest.Run;

    /// <summary>Gets when it was written (UTC).</summary>
    public DateTimeOffset ExportedAt => _manifest.ExportedAt;

    /// <summary>Gets who asked for it.</summary>
    public string ExportedBy => _manifest.ExportedBy;

    /// <summary>Gets the number of its parts.</summary>
    public int Parts => _manifest.Parts.Count;

    /// <summary>
    /// Gets the key that signed it. Whoever makes a file can make a key: compare this with the keys of the audit log of the host.
    /// </summary>
    public string Kid { get; }

    /// <summary>Gets the states of the runs, once they are read.</summary>
    internal ConcurrentDictionary<string, OrchestrationState> States { get; } = new(StringComparer.Ordinal);

    /// <summary>Gets the names of the parts.</summary>
    internal IEnumerable<ExportPart> Contents => _manifest.Parts;

    /// <summary>Opens a file: its signature holds, and each part is what was written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">The token to cancel the check.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: it is no such file, or was changed.</exception>
    public static async Task<ExportedRun> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            ZipArchive zip = await ReadAsync(path, cancellationToken).ConfigureAwait(false);
            await using (zip.ConfigureAwait(false))
            {
                byte[] bytes = await PartAsync(zip, ExportNames.Manifest, MaxManifest, cancellationToken).ConfigureAwait(false);
                ExportManifest manifest = JsonSerializer.Deserialize(bytes, ExportJsonContext.Default.ExportManifest)!;
                if (manifest.Format != ExportManifest.Version1)
                {
                    throw new AgentException(ErrorCode.InvalidInput,
                        $"{path}: its form is '{manifest.Format}'. Use a program of the version that wrote it.");
                }

                string kid = await VerifyAsync(zip, bytes, cancellationToken).ConfigureAwait(false);
                await VerifyAsync(zip, manifest, cancellationToken).ConfigureAwait(false);
                return new ExportedRun(System.IO.Path.GetFullPath(path), manifest, kid);
            }
        }
        catch (Exception e) when (e is InvalidDataException or JsonException or FormatException)
        {
            throw new AgentException(
                ErrorCode.InvalidInput, $"{path}: this is no exported run, or it was changed: {e.Message} Export the run again.",
                e);
        }
    }

    /// <summary>Opens the file for reading.</summary>
    internal static async Task<ZipArchive> ReadAsync(string path, CancellationToken cancellationToken) =>
        await ZipArchive.CreateAsync(
        File.OpenRead(path), ZipArchiveMode.Read, false, null, cancellationToken).ConfigureAwait(false);

    /// <summary>Reads a part of at most so many bytes.</summary>
    internal static async Task<byte[]> PartAsync(ZipArchive zip, string name, long most, CancellationToken cancellationToken)
    {
        ZipArchiveEntry entry = zip.GetEntry(name) ?? throw new InvalidDataException($"It has no '{name}'.");
        if (entry.Length > Math.Min(most, Array.MaxLength))
        {
            throw new InvalidDataException($"'{name}' is too large.");
        }

        byte[] bytes = new byte[entry.Length];
        Stream part = await entry.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (part.ConfigureAwait(false))
        {
            await part.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        }

        return bytes;
    }

    private static async Task<string> VerifyAsync(ZipArchive zip, byte[] manifest, CancellationToken cancellationToken)
    {
        ExportSignature signature = JsonSerializer.Deserialize(
            await PartAsync(zip, ExportNames.Signature, MaxManifest, cancellationToken).ConfigureAwait(false),
            ExportJsonContext.Default.ExportSignature)!;
        PublicKeySet keys = JsonSerializer.Deserialize(
            await PartAsync(zip, ExportNames.Keys, MaxManifest, cancellationToken).ConfigureAwait(false),
            SigningKeysJsonContext.Default.PublicKeySet)!;
        return keys.Keys.Any(key => key.Kid == signature.Kid && key.Verify(manifest, Convert.FromHexString(signature.Sig)))
            ? signature.Kid
            : throw new InvalidDataException("Its signature does not hold.");
    }

    private static async Task VerifyAsync(ZipArchive zip, ExportManifest manifest, CancellationToken cancellationToken)
    {
        if (manifest.Parts.Sum(static part => part.Bytes) > MaxBytes)
        {
            throw new InvalidDataException("It holds more than 4 GiB.");
        }

        string[] names = [.. manifest.Parts.Select(static part => part.Name), ExportNames.Manifest, ExportNames.Signature];
        if (!zip.Entries.Select(static entry => entry.FullName).Order(StringComparer.Ordinal)
            .SequenceEqual(names.Order(StringComparer.Ordinal)))
        {
            throw new InvalidDataException("It has other parts than were written.");
        }

        foreach (ExportPart part in manifest.Parts)
        {
            byte[] bytes = await PartAsync(zip, part.Name, part.Bytes, cancellationToken).ConfigureAwait(false);
            if (bytes.Length != part.Bytes || Convert.ToHexStringLower(SHA256.HashData(bytes)) != part.Sha256)
            {
                throw new InvalidDataException($"'{part.Name}' was changed.");
            }
        }
    }
}
