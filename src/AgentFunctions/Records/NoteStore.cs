using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Storage;

namespace AgentFunctions.Records;

/// <summary>What an agent wrote down for its later runs.</summary>
/// <param name="Name">The name, unique in its scope.</param>
/// <param name="Text">The words.</param>
/// <param name="By">The run that wrote it.</param>
/// <param name="At">The time (UTC).</param>
internal sealed record Note(string Name, string Text, string By, DateTimeOffset At);

/// <summary>Whose notes they are: an agent's, or an agent's for the runs with one value of a label.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Label">The label's name; <see langword="null"/> for all runs of the agent.</param>
/// <param name="Value">The label's value.</param>
internal sealed record NoteScope(string Agent, string? Label = null, string? Value = null);

/// <summary>The notes that outlive runs.</summary>
internal sealed class NoteStore(IRecordStore records)
{
    /// <summary>The most notes of one scope.</summary>
    public const int MaxNotes = 100;

    /// <summary>The longest note, in characters.</summary>
    public const int MaxText = 4_000;

    /// <summary>Writes a note; one of the same name is replaced.</summary>
    /// <param name="scope">Whose note it is.</param>
    /// <param name="note">The note.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: a bad name, too long a text, or too many notes.
    /// </exception>
    public async Task PutAsync(NoteScope scope, Note note, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(note);
        if (note.Text.Length > MaxText)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"text: use at most {MaxText} characters.");
        }

        IReadOnlyList<Note> all = await ListAsync(scope, cancellationToken).ConfigureAwait(false);
        if (all.Count >= MaxNotes && all.All(known => known.Name != note.Name))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"there are {MaxNotes} notes already; merge or remove some first.");
        }

        await records.PutAsync(
            Key(scope, note.Name), JsonSerializer.SerializeToUtf8Bytes(note, StoredRecordsJsonContext.Default.Note), default,
            cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Removes a note; one that does not exist is fine.</summary>
    /// <param name="scope">Whose note it is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task DeleteAsync(NoteScope scope, string name, CancellationToken cancellationToken = default) =>
        records.DeleteAsync(Key(scope, name), default, cancellationToken);

    /// <summary>The notes of a scope, by name.</summary>
    /// <param name="scope">Whose notes.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<IReadOnlyList<Note>> ListAsync(NoteScope scope, CancellationToken cancellationToken = default)
    {
        List<Note> notes = [];
        await foreach (StoredRecord record in records.ListAsync(Prefix(scope), null, cancellationToken).ConfigureAwait(false))
        {
            notes.Add(JsonSerializer.Deserialize(record.Value.Span, StoredRecordsJsonContext.Default.Note)!);
        }

        return notes;
    }

    private static string Key(NoteScope scope, string name) =>
        name.Length is > 0 and <= 64 && name is not ("." or "..")
            && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? Prefix(scope) + name
            : throw new AgentException(ErrorCode.InvalidInput, "name: use 1 to 64 letters, digits, '.', '_' and '-'.");

    // Labels hold any text; keys do not.
    private static string Prefix(NoteScope scope) => scope.Label is null
        ? $"notes/{scope.Agent}/all/"
        : $"notes/{scope.Agent}/{TextHash.Of($"{scope.Label}={scope.Value}")}/";
}
