using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp.Programs;

/// <summary>A running program of a tool server: one JSON message a line, either way.</summary>
internal sealed class ProgramSession : ITransport
{
    /// <summary>How many messages wait to be handled before the program has to wait.</summary>
    private const int Waiting = 256;

    /// <summary>How many bytes a minute may answer nothing: log lines, notifications, what is no message at all.</summary>
    private const long IdleBytes = 4 * McpTransport.AnswerLimit;

    private const int ErrorLineLimit = 8 * 1024;
    private const int ErrorLinesPerMinute = 1_000;
    private const string Probe = "server/discover";

    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(2);
    private static readonly JsonTypeInfo<JsonRpcMessage> MessageType =
        (JsonTypeInfo<JsonRpcMessage>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage));

    private readonly Channel<JsonRpcMessage> _messages = Channel.CreateBounded<JsonRpcMessage>(Waiting);
    private readonly SemaphoreSlim _writing = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ProgramTransport _owner;
    private readonly Process _process;
    private readonly bool _olderProtocol;
    private readonly McpSecrets _secrets;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly MinuteMeter _idle;
    private readonly MinuteMeter _errorLines;
    private readonly Task _errors;
    private readonly Task _reading;
    private string _lastError = "";
    private int _isDisposed;

    public ProgramSession(ProgramTransport owner, Process process, bool olderProtocol, McpSecrets secrets, ILogger logger,
        TimeProvider time)
    {
        (_owner, _process, _olderProtocol, _secrets, _logger, _time) = (owner, process, olderProtocol, secrets, logger, time);
        (_idle, _errorLines) = (new MinuteMeter(time, IdleBytes), new MinuteMeter(time, ErrorLinesPerMinute));
        _errors = ReadErrorsAsync();
        _reading = ReadAsync();
    }

    public string? SessionId => null;

    public ChannelReader<JsonRpcMessage> MessageReader => _messages.Reader;

    public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
    {
        if (_olderProtocol && message is JsonRpcRequest { Method: Probe } probe)
        {
            // Some servers end, fall silent or answer nonsense when they are asked what they do not know. This is what they
            // should say.
            var unknown = new JsonRpcErrorDetail { Code = (int)McpErrorCode.MethodNotFound, Message = "Method not found" };
            await _messages.Writer.WriteAsync(new JsonRpcError { Id = probe.Id, Error = unknown }, cancellationToken)
                .ConfigureAwait(false);
            return;
        }

        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(message, MessageType), (byte)'\n'];
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        // A write to a full pipe cannot be cancelled: whoever waits for it can leave, and the next one has to wait.
        await WriteAsync(line).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await StopAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _errors.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
        _stopping.Dispose();
    }

    private async Task WriteAsync(byte[] line)
    {
        try
        {
            await _process.StandardInput.BaseStream.WriteAsync(line).ConfigureAwait(false);
            await _process.StandardInput.BaseStream.FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        Exception? failure = null;
        try
        {
            await ProgramLines.ReadAsync(
                _process.StandardOutput.BaseStream, (int)McpTransport.AnswerLimit, cuts: false, HandleAsync, _stopping.Token)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            failure = e;
        }

        int? exitCode = await ExitCodeAsync(failure).ConfigureAwait(false);
        string reason = failure is ProgramFloodException flood ? flood.Message : ExitReason(exitCode);
        _owner.Ended(reason, failure is ProgramFloodException);
        var details = new StdioClientCompletionDetails { ExitCode = exitCode, Exception = new IOException(reason, failure) };
        _messages.Writer.TryComplete(new ClientTransportClosedException(details));
    }

    private async ValueTask HandleAsync(ReadOnlyMemory<byte> line)
    {
        JsonRpcMessage? message = Read(line.Span.Trim(" \t\r"u8));
        if (message is not (JsonRpcResponse or JsonRpcError) && _idle.Add(line.Length + 1) > 0)
        {
            throw ProgramFloodException.Stream(IdleBytes);
        }

        if (message is not null)
        {
            await _messages.Writer.WriteAsync(message, _stopping.Token).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Reads a message; <see langword="null"/> for a line that is none: many programs greet or log on this stream.
    /// </summary>
    private static JsonRpcMessage? Read(ReadOnlySpan<byte> line)
    {
        try
        {
            return line.IsEmpty || line[0] != '{' ? null : JsonSerializer.Deserialize(line, MessageType);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private Task ReadErrorsAsync() => ProgramLines.ReadAsync(
        _process.StandardError.BaseStream,
        ErrorLineLimit,
        cuts: true,
        line =>
        {
            string text = _secrets.Hide(Encoding.UTF8.GetString(line.Span).TrimEnd('\r'));
            _lastError = string.IsNullOrWhiteSpace(text) ? _lastError : text;
            switch (_errorLines.Add(1))
            {
                case <= 0:
                    McpLog.ServerSaid(_logger, _owner.Name, text);
                    break;
                case 1:
                    McpLog.ServerSaid(_logger, _owner.Name, "… (it goes on; no more is logged in this minute)");
                    break;
            }

            return ValueTask.CompletedTask;
        },
        _stopping.Token);

    private async Task<int?> ExitCodeAsync(Exception? failure)
    {
        if (failure is ProgramFloodException)
        {
            Kill();
        }

        try
        {
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(ShutdownTime, _time).ConfigureAwait(false);
            await _errors.WaitAsync(ShutdownTime, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return _process.ExitCode;
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            // It closed its output and runs on, which is of no use.
            Kill();
            return null;
        }
    }

    private string ExitReason(int? exitCode)
    {
        string said = _lastError.Length == 0 ? "" : $"; it last wrote: {_lastError}";
        return exitCode is null ? $"it closed its output{said}" : $"its process exited with code {exitCode}{said}";
    }

    /// <summary>Ends the program: its input ends, and soon it and all that it started.</summary>
    private async Task StopAsync()
    {
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(ShutdownTime, _time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or IOException or InvalidOperationException)
        {
            Kill();
        }
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or NotSupportedException)
        {
            // It is gone.
        }
    }
}
