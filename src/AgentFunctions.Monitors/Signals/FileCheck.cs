using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AgentFunctions.Monitors.Signals;

/// <summary>
/// Looks at what was appended to a file since the last look. A file that became shorter is read from its start.
/// </summary>
internal sealed class FileCheck : ISignalCheck
{
    /// <summary>The most bytes of one look; the next one goes on from there.</summary>
    private const int MaxBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    public bool Handles(SignalDefinition signal) => signal.File is not null;

    public async Task<Observation> LookAsync(
        SignalDefinition signal, SignalMemory last, DateTimeOffset now, CancellationToken cancellationToken)
    {
        FileSignal target = signal.File!;
        if (!File.Exists(target.Path))
        {
            // The file that appears later is new from its first byte.
            return new Observation(signal.Name, $"there is no file {target.Path}") { Position = 0, Fingerprint = "missing" };
        }

        var stream = new FileStream(target.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        await using (stream.ConfigureAwait(false))
        {
            long length = stream.Length;
            if (target.Pattern is null)
            {
                return new Observation(signal.Name)
                {
                    Value = length,
                    Fingerprint = length.ToString(CultureInfo.InvariantCulture)
                };
            }

            long from = (long)(last.Position ?? (target.FromStart ? 0 : length));
            from = from > length ? 0 : from;
            (string text, long position) = await ReadLinesAsync(stream, from, cancellationToken).ConfigureAwait(false);
            var pattern = new Regex(target.Pattern, RegexOptions.CultureInvariant, MatchTimeout);
            string[] hits = [.. text.Split('\n').Where(line => line.Length > 0 && pattern.IsMatch(line))];
            return new Observation(
                signal.Name, hits.Length > target.Allowed ? $"{hits.Length} new lines match '{target.Pattern}'" : null)
            {
                Value = hits.Length,
                Position = position,
                Evidence = hits.Length == 0 ? null : Evidence.Of(string.Join('\n', hits)),
                Fingerprint = position.ToString(CultureInfo.InvariantCulture),
            };
        }
    }

    /// <summary>Whole lines only: the rest of a line that is being written belongs to the next look.</summary>
    private static async Task<(string Text, long Position)> ReadLinesAsync(
        FileStream stream, long from, CancellationToken cancellationToken)
    {
        stream.Seek(from, SeekOrigin.Begin);
        byte[] buffer = new byte[(int)Math.Min(MaxBytes, Math.Max(0, stream.Length - from))];
        int read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        int end = buffer.AsSpan(0, read).LastIndexOf((byte)'\n') + 1;
        // A line that is longer than a look is taken in parts, or no look would ever come past it.
        end = end == 0 && read == MaxBytes ? read : end;
        return (Encoding.UTF8.GetString(buffer, 0, end), from + end);
    }
}
