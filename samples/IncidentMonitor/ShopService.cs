using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.IncidentMonitor;

/// <summary>A small web service in a process of its own that leaks, and after eight seconds answers with errors.</summary>
internal sealed class ShopService : IDisposable
{
    private static readonly TimeSpan HealthyFor = TimeSpan.FromSeconds(8);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly int _port = FreePort();
    private Process? _process;

    /// <summary>What the child process runs.</summary>
    public static async Task ServeAsync(string port, bool isFlaky)
    {
        var since = Stopwatch.StartNew();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        WebApplication app = builder.Build();
        app.MapGet("/health", () => isFlaky && since.Elapsed > HealthyFor
            ? Results.Text("no connections left in the pool", statusCode: 503)
            : Results.Text("all is well"));
        await app.StartAsync();
        // The input ends with the parent, however that ends.
        await Console.In.ReadToEndAsync();
    }

    /// <summary>Starts the service. Restarted, it holds.</summary>
    public void Start(bool isFlaky)
    {
        _process?.Kill();
        _process?.Dispose();
        string[] self = Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet"
            ? [Environment.GetCommandLineArgs()[0]]
            : [];
        _process = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!,
            [.. self, "--service", _port.ToString(System.Globalization.CultureInfo.InvariantCulture), isFlaky
                ? "flaky"
                : "sound"])
        {
            RedirectStandardInput = true,
        });
    }

    /// <summary>What the service answers.</summary>
    public async Task<string> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(new Uri($"http://127.0.0.1:{_port}/health"),
                cancellationToken);
            return $"{(int)response.StatusCode} {response.ReasonPhrase}: {await response.Content.ReadAsStringAsync(cancellationToken)}";
        }
        catch (HttpRequestException e)
        {
            return $"no answer: {e.Message}";
        }
    }

    /// <summary>Starts the service again and waits until it answers.</summary>
    public async Task<string> RestartAsync(CancellationToken cancellationToken)
    {
        Start(isFlaky: false);
        string answer;
        do
        {
            await Task.Delay(100, cancellationToken);
            answer = await CheckAsync(cancellationToken);
        }
        while (answer.StartsWith("no answer", StringComparison.Ordinal));
        return $"restarted; it answers {answer}";
    }

    public void Dispose()
    {
        _process?.Kill();
        _process?.Dispose();
        _http.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
