using System.Diagnostics;
using AgentFunctions.TestKit;

namespace AgentFunctions.AzureFunctions.Tests;

/// <summary>One process of the storage emulator Azurite, with many accounts.</summary>
internal sealed class AzuriteProcess : IDisposable
{
    /// <summary>How old a process may be that a test takes an account of: it keeps all that is written in memory.</summary>
    private static readonly TimeSpan s_maxAge = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly int _port;
    private readonly int _accounts;
    private int _taken;

    private AzuriteProcess(Process process, int port, int accounts) => (_process, _port, _accounts) = (process, port, accounts);

    /// <summary>Starts a process.</summary>
    /// <param name="accounts">How many accounts it has.</param>
    /// <param name="key">The key of each.</param>
    /// <exception cref="InvalidOperationException">It is not installed, or ended before it listened.</exception>
    public static AzuriteProcess Start(int accounts, string key)
    {
        int port = FreePort.Take();
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("AZURITE_BLOB") ?? "azurite-blob")
        {
            ArgumentList =
            {
                "--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", $"{port}", "--skipApiVersionCheck",
                "--disableTelemetry",
            },
            Environment =
            {
                ["AZURITE_ACCOUNTS"] = string.Join(';',
                    Enumerable.Range(1, accounts).Select(number => $"{NameOf(number)}:{key}")),
                ["NODE_OPTIONS"] = $"--require \"{Path.Combine(AppContext.BaseDirectory, "azurite-preload.cjs")}\"",
            },
            RedirectStandardOutput = true,
        };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new InvalidOperationException("Azurite is not installed: npm install --global azurite, or name azurite-blob in AZURITE_BLOB.");
        }

        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (line.Contains("successfully listen", StringComparison.Ordinal))
            {
                // What nobody reads would stop it.
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return new AzuriteProcess(process, port, accounts);
            }
        }

        process.Dispose();
        throw new InvalidOperationException("Azurite ended before it listened.");
    }

    /// <summary>Takes an account that is empty and nobody else's, as <c>port/name</c>.</summary>
    /// <returns>The account; <see langword="null"/> if the process is too old for a test, or has no more.</returns>
    public string? TryTakeAccount() =>
        Stopwatch.GetElapsedTime(_startedAt) < s_maxAge && Interlocked.Increment(ref _taken) is var number && number <= _accounts
        ? $"{_port}/{NameOf(number)}"
        : null;

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private static string NameOf(int number) => $"account{number}";
}
