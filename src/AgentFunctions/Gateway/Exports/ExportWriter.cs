using System.IO.Compression;
using System.Security.Cryptography;

namespace AgentFunctions.Gateway.Exports;

/// <summary>Writes the parts of a file one after the other and notes what each of them is.</summary>
internal sealed class ExportWriter(ZipArchive zip)
{
    private static readonly ReadOnlyMemory<byte> s_break = "\n"u8.ToArray();

    private readonly List<ExportPart> _parts = [];

    /// <summary>Gets the parts that were written.</summary>
    public IReadOnlyList<ExportPart> Parts => _parts;

    /// <summary>Writes a part.</summary>
    public async Task AddAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Stream part = await OpenAsync(name, cancellationToken).ConfigureAwait(false);
        await using (part.ConfigureAwait(false))
        {
            await part.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        }

        _parts.Add(new ExportPart(name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes.Span))));
    }

    /// <summary>Writes a part of lines; none if there are no lines.</summary>
    public async Task AddAsync(string name, IAsyncEnumerable<ReadOnlyMemory<byte>> lines, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Stream? part = null;
        long length = 0;
        try
        {
            await foreach (ReadOnlyMemory<byte> line in lines.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                part ??= await OpenAsync(name, cancellationToken).ConfigureAwait(false);
                foreach (ReadOnlyMemory<byte> bytes in new[] { line, s_break })
                {
                    hash.AppendData(bytes.Span);
                    length += bytes.Length;
                    await part.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            if (part is not null)
            {
                await part.DisposeAsync().ConfigureAwait(false);
            }
        }

        if (part is not null)
        {
            _parts.Add(new ExportPart(name, length, Convert.ToHexStringLower(hash.GetHashAndReset())));
        }
    }

    private Task<Stream> OpenAsync(string name, CancellationToken cancellationToken) =>
        zip.CreateEntry(name, CompressionLevel.Optimal).OpenAsync(cancellationToken);
}
