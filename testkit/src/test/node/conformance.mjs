// Drives a running server with the official TypeScript SDK. The model behind the server answers what the last text of
// the user says: a JSON list of the replies that it is to give, one for each time that it is asked.
//
// Environment: ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY. Prints one JSON line for each case: {case, ok, error?}.
import assert from 'node:assert/strict';
import Anthropic, { toFile } from '@anthropic-ai/sdk';

const client = new Anthropic({ maxRetries: 0 });
const MODEL = 'scripted-model';
const cases = [];
const check = (name, run) => cases.push({ name, run });

const say = (text) => [{ type: 'text', text }];
let calls = 0;
const call = (name, input) => [{ type: 'tool_use', id: `toolu_node${++calls}`, name, input }];
const bash = (command) => call('bash_code_execution', { command });
const python = (code) => call('code_execution', { code });

/** A request whose model gives these replies. */
function request(version, replies, more = {}) {
  const { content = [], tools = [], ...rest } = more;
  return {
    model: MODEL,
    max_tokens: 1000,
    tools: [{ type: version, name: 'code_execution' }, ...tools],
    messages: [{ role: 'user', content: [...content, { type: 'text', text: JSON.stringify(replies) }] }],
    ...rest,
  };
}

const results = (message, type) => message.content.filter((block) => block.type === type).map((block) => block.content);

for (const version of ['code_execution_20250522', 'code_execution_20250825', 'code_execution_20260120', 'code_execution_20260521']) {
  const first = version === 'code_execution_20250522';
  const family = first ? 'code_execution' : 'bash_code_execution';
  const run = (python, bash) => (first ? call('code_execution', { code: python }) : call('bash_code_execution', { command: bash }));

  for (const [namespace, messages] of [['messages', client.messages], ['beta.messages', client.beta.messages]]) {
    check(`${namespace} ${version}: the container keeps its files`, async () => {
      const seed = Math.floor(Math.random() * 1000);
      const one = await messages.create(
        request(version, [run(`open('/tmp/seed.txt', 'w').write('${seed}')`, `echo ${seed} > /tmp/seed.txt`), say('done')]),
      );
      assert.equal(one.stop_reason, 'end_turn');
      assert.match(one.container.id, /^container_/);
      assert.ok(Date.parse(one.container.expires_at) > Date.now());
      const two = await messages.create(
        request(version, [run(`print(int(open('/tmp/seed.txt').read()) ** 2)`, 'echo $(( $(cat /tmp/seed.txt) ** 2 ))'), say('done')], {
          container: one.container.id,
        }),
      );
      const [result] = results(two, `${family}_tool_result`);
      assert.equal(result.type, `${family}_result`);
      assert.equal(result.stdout.trim(), String(seed * seed));
      assert.equal(result.return_code, 0);
      assert.equal(two.container.id, one.container.id);
      const use = two.content.find((block) => block.type === 'server_tool_use');
      assert.match(use.id, /^srvtoolu_/);
      assert.deepEqual(use.caller, { type: 'direct' });
      const other = await messages.create(request(version, [run(`open('/tmp/seed.txt')`, 'cat /tmp/seed.txt'), say('done')]));
      assert.notEqual(results(other, `${family}_tool_result`)[0].return_code, 0);
    });

    check(`${namespace} ${version}: a stream adds up to the message`, async () => {
      const events = [];
      const stream = messages
        .stream(request(version, [[...say('I look.'), ...run('print(6 * 7)', 'echo 42')], say('It is 42.')]))
        .on('streamEvent', (event) => events.push(structuredClone(event)));
      const message = await stream.finalMessage();
      assert.deepEqual(
        message.content.map((block) => block.type),
        ['text', 'server_tool_use', `${family}_tool_result`, 'text'],
      );
      assert.equal(message.content[2].content.stdout.trim(), '42');
      assert.deepEqual(Object.keys(message.content[1].input), [first ? 'code' : 'command']);
      assert.equal(events[0].type, 'message_start');
      assert.equal(events[0].message.container ?? null, null);
      assert.equal(events.at(-1).type, 'message_stop');
      const delta = events.findLast((event) => event.type === 'message_delta');
      assert.match(delta.delta.container.id, /^container_/);
      assert.equal(message.container.id, delta.delta.container.id);
      const starts = events.filter((event) => event.type === 'content_block_start').map((event) => event.index);
      assert.deepEqual(starts, [0, 1, 2, 3]);
    });
  }

  if (!first) {
    check(`${version}: the text editor`, async () => {
      const edit = (input) => call('text_editor_code_execution', input);
      const message = await client.messages.create(
        request(version, [
          edit({ command: 'create', path: 'a.txt', file_text: 'one\ntwo\n' }),
          edit({ command: 'str_replace', path: 'a.txt', old_str: 'two', new_str: '2' }),
          edit({ command: 'view', path: 'a.txt' }),
          edit({ command: 'view', path: 'nothing.txt' }),
          say('done'),
        ]),
      );
      const [create, replace, view, missing] = results(message, 'text_editor_code_execution_tool_result');
      assert.deepEqual(create, { type: 'text_editor_code_execution_create_result', is_file_update: false });
      assert.deepEqual(replace.lines, ['-two', '+2']);
      assert.deepEqual([view.content, view.num_lines, view.file_type], ['one\n2\n', 2, 'text']);
      assert.equal(missing.error_code, 'file_not_found');
    });
  }

  if (version >= 'code_execution_20260120') {
    check(`${version}: variables stay from request to request`, async () => {
      const one = await client.messages.create(request(version, [python('x = 20'), python('x += 1'), say('done')]));
      const two = await client.messages.create(
        request(version, [python('print(2 * x)'), say('done')], { container: { id: one.container.id } }),
      );
      assert.equal(results(two, 'code_execution_tool_result')[0].stdout, '42\n');
    });
  }
}

check('a pause after the iteration limit goes on', async () => {
  const replies = Array.from({ length: 11 }, (_, i) => bash(`echo ${i}`));
  const first = request('code_execution_20250825', [...replies, say('done')]);
  const one = await client.messages.create(first);
  assert.equal(one.stop_reason, 'pause_turn');
  const two = await client.messages.create({
    ...first,
    container: one.container.id,
    messages: [...first.messages, { role: 'assistant', content: one.content }],
  });
  assert.equal(two.stop_reason, 'end_turn');
  assert.equal(two.content.at(-1).text, 'done');
});

check('a tool of the client beside code execution', async () => {
  const tool = { name: 'lookup', input_schema: { type: 'object', properties: { key: { type: 'string' } } } };
  const first = request('code_execution_20250825', [[...bash('echo ran'), ...call('lookup', { key: 'a' })], say('done')], { tools: [tool] });
  const one = await client.messages.create(first);
  assert.equal(one.stop_reason, 'tool_use');
  const use = one.content.find((block) => block.type === 'tool_use');
  const two = await client.messages.create({
    ...first,
    container: one.container.id,
    messages: [
      ...first.messages,
      { role: 'assistant', content: one.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'b' }] },
    ],
  });
  assert.equal(two.content[0].type, 'bash_code_execution_tool_result');
  assert.equal(two.content[0].content.stdout, 'ran\n');
});

for (const [namespace, files] of [['files', client.files], ['beta.files', client.beta.files]]) {
  check(`${namespace}: upload, use, list, delete`, async () => {
    const made = await files.upload({ file: await toFile(Buffer.from('a\n1\n2\n'), 'data.csv', { type: 'text/csv' }) });
    assert.match(made.id, /^file_/);
    assert.deepEqual([made.filename, made.mime_type, made.size_bytes], ['data.csv', 'text/csv', 6]);
    assert.equal(made.downloadable, false);
    assert.deepEqual((await files.retrieveMetadata(made.id)).id, made.id);
    await assert.rejects(files.download(made.id), Anthropic.BadRequestError);
    const message = await client.beta.messages.create(
      request('code_execution_20250825', [bash('wc -l < "$INPUT_DIR/data.csv"; cp "$INPUT_DIR/data.csv" "$OUTPUT_DIR/copy.csv"'), say('done')], {
        content: [{ type: 'container_upload', file_id: made.id }],
      }),
    );
    const [result] = results(message, 'bash_code_execution_tool_result');
    assert.equal(result.stdout.trim(), '3');
    const output = result.content[0].file_id;
    const metadata = await files.retrieveMetadata(output);
    assert.deepEqual([metadata.filename, metadata.downloadable], ['copy.csv', true]);
    assert.equal(await (await files.download(output)).text(), 'a\n1\n2\n');
    const names = [];
    for await (const file of files.list({ limit: 1 })) {
      names.push(file.id);
      if (names.length > 200) break;
    }
    assert.ok(names.includes(made.id) && names.includes(output));
    assert.equal(new Set(names).size, names.length);
    for (const id of [made.id, output]) {
      assert.deepEqual((await files.delete(id)).type, 'file_deleted');
    }
    await assert.rejects(files.retrieveMetadata(made.id), Anthropic.NotFoundError);
  });
}

const LOOKUP = {
  name: 'lookup',
  description: 'The value of a key.',
  input_schema: { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] },
};

check('code calls a tool of the client, request by request', async () => {
  const tool = { ...LOOKUP, allowed_callers: ['code_execution_20260120'] };
  const code = `import asyncio
first = await asyncio.gather(lookup({"key": "a"}), lookup({"key": "b"}))
second = await lookup({"key": "c"})
print(sorted(first), second)`;
  const body = request('code_execution_20260120', [python(code), say('done')], { tools: [tool] });
  const answers = { a: '1', b: '2', c: '3' };
  let reply = await client.messages.create(body);
  const [use] = reply.content.filter((block) => block.type === 'server_tool_use');
  const pauses = [];
  const messages = [...body.messages];
  while (reply.stop_reason === 'tool_use') {
    const pending = reply.content.filter((block) => block.type === 'tool_use');
    pending.forEach((block) => assert.deepEqual(block.caller, { type: 'code_execution_20260120', tool_id: use.id }));
    pauses.push(pending.length);
    messages.push(
      { role: 'assistant', content: reply.content },
      {
        role: 'user',
        content: pending.map((block) => ({ type: 'tool_result', tool_use_id: block.id, content: answers[block.input.key] })),
      },
    );
    reply = await client.messages.create({ ...body, messages, container: reply.container.id });
  }
  assert.deepEqual(pauses, [2, 1]);
  assert.equal(reply.content[0].type, 'code_execution_tool_result');
  assert.equal(reply.content[0].content.stdout, "['1', '2'] 3\n");
  assert.equal(reply.content.at(-1).text, 'done');
});

for (const stream of [false, true]) {
  check(`the tool runner goes on without a thread (stream: ${stream})`, async () => {
    const tool = { ...LOOKUP, run: async (input) => input.key.toUpperCase(), parse: (input) => input };
    const runner = client.beta.messages.toolRunner({
      ...request('code_execution_20250825', [bash('echo kept > kept'), call('lookup', { key: 'a' }), bash('cat kept'), say('done')], {
        tools: [tool],
      }),
      stream,
    });
    const last = await runner.runUntilDone();
    assert.equal(results(last, 'bash_code_execution_tool_result')[0].stdout, 'kept\n');
    assert.equal(last.content.at(-1).text, 'done');
  });

  check(`the tool runner answers what code calls (stream: ${stream})`, async () => {
    const asked = [];
    const tool = {
      ...LOOKUP,
      allowed_callers: ['code_execution_20260120'],
      run: async (input) => {
        asked.push(input.key);
        return input.key.toUpperCase();
      },
      parse: (input) => input,
    };
    const code = 'print(await lookup({"key": "a"}), await lookup({"key": "b"}))';
    const runner = client.beta.messages.toolRunner({
      ...request('code_execution_20260120', [python(code), say('done')], { tools: [tool] }),
      stream,
    });
    const last = await runner.runUntilDone();
    assert.deepEqual(asked, ['a', 'b']);
    assert.equal(last.content.at(-1).text, 'done');
    const [result] = results(last, 'code_execution_tool_result');
    assert.equal(result.stdout, 'A B\n');
  });
}

for (const [namespace, skills] of [['skills', client.skills], ['beta.skills', client.beta.skills]]) {
  check(`${namespace}: make, mount, version, delete`, async () => {
    const file = async (text) => [await toFile(Buffer.from(`---\nname: greet\ndescription: Says hello.\n---\n${text}\n`), 'greet/SKILL.md')];
    const made = await skills.create({ display_name: 'Greeter', display_title: 'Greeter', files: await file('Say hello.') });
    assert.equal(made.type, 'skill');
    assert.equal(made.display_name, 'Greeter');
    assert.equal((await skills.retrieve(made.id)).id, made.id);
    const version = await skills.versions.create(made.id, { files: await file('Say good day.') });
    assert.deepEqual([version.type, version.name, version.description], ['skill_version', 'greet', 'Says hello.']);
    const ids = [];
    for await (const skill of skills.list({ source: 'custom' })) ids.push(skill.id);
    assert.ok(ids.includes(made.id));
    const use = (version) =>
      client.beta.messages.create(
        request('code_execution_20250825', [bash('tail -n 1 /skills/greet/SKILL.md'), say('done')], {
          container: { skills: [{ type: 'custom', skill_id: made.id, version }] },
        }),
      );
    const message = await use('latest');
    assert.equal(results(message, 'bash_code_execution_tool_result')[0].stdout, 'Say good day.\n');
    assert.equal(message.container.skills[0].skill_id, made.id);
    const versions = [];
    for await (const one of skills.versions.list(made.id)) versions.push(one);
    assert.equal(versions.length, 2);
    assert.equal((await skills.versions.delete(versions.at(-1).id, { skill_id: made.id })).type, 'skill_version_deleted');
    assert.equal((await skills.delete(made.id)).type, 'skill_deleted');
    await assert.rejects(skills.retrieve(made.id), Anthropic.NotFoundError);
  });
}

check('models and tokens', async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes('caisson-direct'), ids.join());
  const direct = await client.models.retrieve('caisson-direct');
  assert.deepEqual([direct.type, direct.id], ['model', 'caisson-direct']);
  await assert.rejects(client.models.retrieve('nobody-has-this'), Anthropic.NotFoundError);
  const { max_tokens: _, ...body } = request('code_execution_20250825', [say('x')]);
  for (const model of [MODEL, 'caisson-direct']) {
    const count = await client.messages.countTokens({ ...body, model });
    assert.ok(count.input_tokens > 0);
  }
});

check('batches run and their results are read', async () => {
  const params = request('code_execution_20250825', [bash('echo 42'), say('done')]);
  const batch = await client.messages.batches.create({
    requests: [
      { custom_id: 'good', params },
      { custom_id: 'bad', params: { ...params, container: 'container_nobodyHasThisOne0000' } },
    ],
  });
  assert.match(batch.id, /^msgbatch_/);
  let now = batch;
  for (let i = 0; now.processing_status !== 'ended' && i < 600; i++) {
    await new Promise((done) => setTimeout(done, 50));
    now = await client.messages.batches.retrieve(batch.id);
  }
  assert.deepEqual([now.processing_status, now.request_counts.succeeded, now.request_counts.errored], ['ended', 1, 1]);
  const byId = {};
  for await (const line of await client.messages.batches.results(batch.id)) byId[line.custom_id] = line.result;
  assert.equal(byId.good.type, 'succeeded');
  assert.equal(results(byId.good.message, 'bash_code_execution_tool_result')[0].stdout, '42\n');
  assert.equal(byId.bad.type, 'errored');
  const listed = [];
  for await (const one of client.messages.batches.list()) listed.push(one.id);
  assert.ok(listed.includes(batch.id));
  assert.equal((await client.messages.batches.delete(batch.id)).type, 'message_batch_deleted');
});

check('an upload that is refused hears why', async () => {
  const large = await toFile(Buffer.alloc(3_000_000), 'large.bin');
  const stranger = new Anthropic({ apiKey: 'sk-wrong', maxRetries: 0 });
  for (let i = 0; i < 5; i++) {
    await assert.rejects(stranger.files.upload({ file: large }), Anthropic.AuthenticationError);
    await assert.rejects(client.skills.create({ files: [await toFile(Buffer.from('x'), 'SKILL.md')] }), Anthropic.BadRequestError);
    await assert.rejects(client.beta.files.upload({ file: large, betas: ['made-up-2020-01-01'] }), Anthropic.BadRequestError);
  }
});

check('a stream that the client leaves frees its container', async () => {
  const one = await client.messages.create(request('code_execution_20250825', [bash('true'), say('done')]));
  const stream = client.messages.stream(
    request('code_execution_20250825', [[...say('I wait.'), ...bash('sleep 60')], say('done')], { container: one.container.id }),
  );
  await new Promise((done) => stream.on('streamEvent', (event) => event.type === 'content_block_stop' && event.index === 1 && done()));
  stream.abort();
  await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
  const left = Date.now();
  const two = await client.messages.create(request('code_execution_20250825', [bash('echo free'), say('done')], { container: one.container.id }));
  assert.equal(results(two, 'bash_code_execution_tool_result')[0].stdout, 'free\n');
  assert.ok(Date.now() - left < 10000);
});

check('a thread is refused in the words that SDKs know', async () => {
  const thread = client.beta.messages.thread(request('code_execution_20250825', [say('x')]));
  const error = await thread.send().catch((error) => error);
  assert.ok(error instanceof Anthropic.BadRequestError, String(error));
  assert.deepEqual(error.error.error.details, { error_code: 'thread_unsupported_request', unsupported: ['thread'] });
  const plain = client.beta.messages.thread({ ...request('code_execution_20250825', [bash('echo 1'), say('x')]), unsupportedRequestBehavior: 'continue_unthreaded' });
  assert.equal(results(await plain.send(), 'bash_code_execution_tool_result')[0].stdout, '1\n');
});

check('errors have their classes and request ids', async () => {
  const unknown = await client.messages
    .create(request('code_execution_20250825', [say('x')], { container: 'container_nobodyHasThisOne0000' }))
    .catch((error) => error);
  assert.ok(unknown instanceof Anthropic.NotFoundError, String(unknown));
  assert.match(unknown.requestID, /^req_/);
  assert.equal(unknown.error.type, 'error');
  const bad = await client.messages.create({ ...request('code_execution_20250825', [say('x')]), max_tokens: 'many' }).catch((error) => error);
  assert.ok(bad instanceof Anthropic.BadRequestError, String(bad));
  assert.match(bad.message, /max_tokens/);
  const stranger = new Anthropic({ apiKey: 'sk-wrong', maxRetries: 0 });
  await assert.rejects(stranger.messages.create(request('code_execution_20250825', [say('x')])), Anthropic.AuthenticationError);
  await assert.rejects(
    client.beta.messages.create({ ...request('code_execution_20250825', [say('x')]), betas: ['made-up-2020-01-01'] }),
    /anthropic-beta/,
  );
});

const only = process.argv[2];
for (const { name, run } of cases) {
  if (only && !name.includes(only)) continue;
  try {
    await run();
    console.log(JSON.stringify({ case: name, ok: true }));
  } catch (error) {
    console.log(JSON.stringify({ case: name, ok: false, error: String(error?.stack ?? error).slice(0, 2000) }));
  }
}
