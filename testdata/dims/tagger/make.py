import torch, torch.nn as nn, numpy as np, onnx, onnxruntime as ort, sys, os
from onnx import numpy_helper
torch.manual_seed(0)
class Tagger(nn.Module):
    """Words to tags: embeddings and places, one transformer layer that looks back only, a GRU both ways."""
    def __init__(self, words=40, d=16, heads=2, longest=32, tags=6):
        super().__init__()
        self.embed, self.place = nn.Embedding(words, d), nn.Parameter(torch.randn(longest, d) * 0.3)
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.up, self.down = nn.Linear(d, 32), nn.Linear(32, d)
        self.gru = nn.GRU(d, 8, batch_first=True, bidirectional=True)
        self.out, self.heads = nn.Linear(16, tags), heads
        self.kind = nn.Linear(16, 3)
    def forward(self, ids):
        n, length = ids.shape
        x = self.embed(ids) + self.place[:length]
        def split(t): return t.view(n, length, self.heads, -1).transpose(1, 2)
        y = self.n1(x)
        q, k, v = split(self.q(y)), split(self.k(y)), split(self.v(y))
        s = q @ k.transpose(-1, -2) / (q.shape[-1] ** 0.5)
        mask = torch.tril(torch.ones(length, length))
        s = s.masked_fill(mask == 0, float('-inf'))
        y = (s.softmax(-1) @ v).transpose(1, 2).reshape(n, length, -1)
        x = x + self.o(y)
        x = x + self.down(nn.functional.gelu(self.up(self.n2(x))))
        h, _ = self.gru(x)
        return self.out(h), self.kind(h.mean(1) / length ** 0.5)
m = Tagger().eval()
for batch in [False]:
    ids = torch.randint(0, 40, (2 if batch else 1, 9))
    axes = {'ids': {1: 'seq'}, 'tags': {1: 'seq'}}
    if batch:
        axes['ids'][0] = axes['tags'][0] = 'batch'; axes['kind'] = {0: 'batch'}
    f = 'tagger_batch.onnx' if batch else 'tagger.onnx'
    torch.onnx.export(m, (ids,), f, input_names=['ids'], output_names=['tags', 'kind'], dynamic_axes=axes, opset_version=17, dynamo=False)
opt = ort.SessionOptions(); opt.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
s = ort.InferenceSession('tagger.onnx', opt, providers=['CPUExecutionProvider'])
for i, n in enumerate([1, 2, 13, 32]):
    d = f'test_data_set_{i}'; os.makedirs(d, exist_ok=True)
    ids = np.random.default_rng(i).integers(0, 40, (1, n)).astype(np.int64)
    outs = s.run(None, {'ids': ids})
    open(d + '/input_0.pb', 'wb').write(numpy_helper.from_array(ids, 'ids').SerializeToString())
    for k, o in enumerate(outs):
        open(d + f'/output_{k}.pb', 'wb').write(numpy_helper.from_array(o, ['tags', 'kind'][k]).SerializeToString())
print(os.path.getsize('tagger.onnx'))
