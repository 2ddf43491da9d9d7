using System.Diagnostics;
using System.Text.Json;
using AgentFrameworkRefund;

namespace AgentFunctions.CrashLab;

/// <summary>
/// Hands steps to a process that may be killed at any of them; a step that was cut off goes to the next process, as a host of
/// Functions does with its workers.
/// </summary>
/// <param name="arguments">What the process is started with.</param>
internal sealed class KilledSteps(string[] arguments) : IDisposable
{
    private const int MostStarts = 10;

    private readonly SemaphoreSlim _turn = new(1);
    private Process? _process;
    private int _starts;

    /// <summary>Has a step taken.</summary>
    public async Task<JsonElement?> TakeAsync(Step step)
    {
        await _turn.WaitAsync();
        try
        {
            while (true)
            {
                Process process = _process ??= Start();
                if (await SendAsync(process, step) is { } result)
                {
                    return JsonSerializer.Deserialize<JsonElement?>(result);
                }

                await process.WaitForExitAsync();
                process.Dispose();
                _process = null;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process?.Kill();
        _process?.Dispose();
        _turn.Dispose();
    }

    private static async Task<string?> SendAsync(Process process, Step step)
    {
        try
        {
            await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(step));
            await process.StandardInput.FlushAsync();
            return await process.StandardOutput.ReadLineAsync();
        }
        catch (IOException)
        {
            // It was killed before it took the step.
            return null;
        }
    }

    private Process Start()
    {
        if (++_starts > MostStarts)
        {
            throw new InvalidOperationException($"The process that takes the steps ended {MostStarts} times.");
        }

        var info = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string argument in new[] { "exec", typeof(Driver).Assembly.Location }.Concat(arguments))
        {
            info.ArgumentList.Add(argument);
        }

        return Process.Start(info)!;
    }
}
